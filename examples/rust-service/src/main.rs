//! `driftmgr-example-service NAME=PLACE…` answers on 127.0.0.1, at the port that `PORT` names or 3000.

use std::env;
use std::process::ExitCode;

use driftmgr_core::client::Client;
use driftmgr_core::settings::Settings;
use driftmgr_example_service::{Stacks, app};

#[tokio::main]
async fn main() -> ExitCode {
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<(), Box<dyn std::error::Error>> {
    let stacks = env::args()
        .skip(1)
        .map(|word| match word.split_once('=') {
            Some((name, place)) => Ok((name.to_owned(), place.into())),
            None => Err(format!("{word}: name a stack as NAME=PLACE")),
        })
        .collect::<Result<Stacks, String>>()?;
    let settings = Settings::load_at(".", &[]).into_result()?;
    let client = Client::builder().settings(settings).build()?;
    let port = env::var("PORT").map_or(Ok(3000), |text| text.parse::<u16>())?;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    println!("http://{}", listener.local_addr()?);
    let stopped = async {
        // Without the signal it runs until it is ended.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    axum::serve(listener, app(client, stacks))
        .with_graceful_shutdown(stopped)
        .await?;
    Ok(())
}

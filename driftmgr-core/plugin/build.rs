//! Compiles the protocol's messages, without a protoc on the machine.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files =
        ["tfplugin5", "tfplugin6", "plugin", "cache"].map(|name| format!("proto/{name}.proto"));
    for file in &files {
        println!("cargo:rerun-if-changed={file}");
    }
    let descriptors = protox::compile(&files, ["proto"])?;
    tonic_prost_build::configure()
        .build_client(true)
        .build_server(std::env::var_os("CARGO_FEATURE_SERVER").is_some())
        // Values stay slices of the received frame.
        .bytes(".")
        .compile_fds(descriptors)?;
    Ok(())
}

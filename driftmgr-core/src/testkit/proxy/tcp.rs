//! Faults of connections, whatever is spoken on them.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{Front, locked};

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the client to the server.
    ToServer,
    /// From the server to the client.
    ToClient,
}

/// What happens to one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TcpFault {
    /// It is closed before anything is said.
    Refuse,
    /// Each piece that goes this way waits so long.
    Delay(Direction, Duration),
    /// After so many bytes this way both sides are closed; the last byte that fits gets through.
    CutAfter(Direction, u64),
    /// The byte at this place, counted from 0, arrives as another one.
    Flip(Direction, u64),
    /// Nothing goes through, and nothing is closed.
    Hang,
}

#[derive(Debug)]
struct Shared {
    server: SocketAddr,
    script: Mutex<Vec<(usize, TcpFault)>>,
    connections: AtomicUsize,
    met: AtomicUsize,
    to_server: AtomicU64,
    to_client: AtomicU64,
    /// Counts the calls that cut everything.
    cuts: watch::Sender<u64>,
    /// New connections are closed at once.
    down: watch::Sender<bool>,
}

/// A proxy for any protocol over TCP.
#[derive(Debug)]
pub struct TcpProxy {
    front: Front,
    shared: Arc<Shared>,
}

impl TcpProxy {
    /// Starts one in front of a server.
    ///
    /// # Errors
    /// Those of listening on 127.0.0.1.
    pub async fn start(server: SocketAddr) -> io::Result<Self> {
        let (listener, address) = Front::listen().await?;
        let shared = Arc::new(Shared {
            server,
            script: Mutex::default(),
            connections: AtomicUsize::new(0),
            met: AtomicUsize::new(0),
            to_server: AtomicU64::new(0),
            to_client: AtomicU64::new(0),
            cuts: watch::Sender::new(0),
            down: watch::Sender::new(false),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self {
            front: Front { address, accepting },
            shared,
        })
    }

    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.front.address
    }

    /// The fault of a connection, the first one from now on being 1. A connection can have several.
    pub fn script(&self, connection: usize, fault: TcpFault) {
        let past = self.connections();
        locked(&self.shared.script).push((past + connection, fault));
    }

    /// Closes every open connection now.
    pub fn cut(&self) {
        self.shared.cuts.send_modify(|n| *n += 1);
    }

    /// Whether the server seems to be gone: open connections are cut, new ones are closed at once.
    pub fn set_down(&self, down: bool) {
        self.shared.down.send_replace(down);
        if down {
            self.cut();
        }
    }

    /// So many connections were accepted.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// So many faults came into effect.
    pub fn met(&self) -> usize {
        self.shared.met.load(Ordering::SeqCst)
    }

    /// So many bytes went this way.
    pub fn bytes(&self, direction: Direction) -> u64 {
        self.shared.count(direction).load(Ordering::SeqCst)
    }
}

impl Shared {
    fn count(&self, direction: Direction) -> &AtomicU64 {
        match direction {
            Direction::ToServer => &self.to_server,
            Direction::ToClient => &self.to_client,
        }
    }

    fn meet(&self) {
        self.met.fetch_add(1, Ordering::SeqCst);
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    // Aborted with this task.
    let mut open = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let number = shared.connections.fetch_add(1, Ordering::SeqCst) + 1;
        if *shared.down.borrow() {
            shared.meet();
            continue;
        }
        let faults: Vec<TcpFault> = locked(&shared.script)
            .iter()
            .filter(|(connection, _)| *connection == number)
            .map(|(_, fault)| *fault)
            .collect();
        let shared = Arc::clone(&shared);
        open.spawn(async move {
            let mut cuts = shared.cuts.subscribe();
            cuts.mark_unchanged();
            tokio::select! {
                // Whoever goes away is no failure of the proxy.
                _ = connection(client, &shared, &faults) => {}
                _ = cuts.changed() => shared.meet(),
            }
        });
        while open.try_join_next().is_some() {}
    }
}

async fn connection(client: TcpStream, shared: &Shared, faults: &[TcpFault]) -> io::Result<()> {
    if faults.contains(&TcpFault::Refuse) {
        shared.meet();
        return Ok(());
    }
    if faults.contains(&TcpFault::Hang) {
        shared.meet();
        std::future::pending::<()>().await;
    }
    let server = TcpStream::connect(shared.server).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    // The first end ends both.
    tokio::select! {
        done = pump(from_client, to_server, Direction::ToServer, shared, faults) => done,
        done = pump(from_server, to_client, Direction::ToClient, shared, faults) => done,
    }
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    direction: Direction,
    shared: &Shared,
    faults: &[TcpFault],
) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    let mut passed = 0;
    loop {
        let read = from.read(&mut buffer).await?;
        if read == 0 {
            return Ok(());
        }
        let mut piece = buffer.get_mut(..read).unwrap_or_default();
        let mut cut = false;
        for fault in faults {
            match *fault {
                TcpFault::Delay(way, time) if way == direction => {
                    shared.meet();
                    tokio::time::sleep(time).await;
                }
                TcpFault::CutAfter(way, limit) if way == direction => {
                    let left = usize::try_from(limit - passed).unwrap_or(usize::MAX);
                    if piece.len() >= left {
                        shared.meet();
                        piece = piece.get_mut(..left).unwrap_or_default();
                        cut = true;
                    }
                }
                TcpFault::Flip(way, at) if way == direction && at >= passed => {
                    let at = usize::try_from(at - passed).unwrap_or(usize::MAX);
                    if let Some(byte) = piece.get_mut(at) {
                        shared.meet();
                        *byte ^= 0x20;
                    }
                }
                _ => {}
            }
        }
        to.write_all(piece).await?;
        to.flush().await?;
        passed += piece.len() as u64;
        shared
            .count(direction)
            .fetch_add(piece.len() as u64, Ordering::SeqCst);
        if cut {
            return Ok(());
        }
    }
}

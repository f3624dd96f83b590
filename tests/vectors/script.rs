//! What a scripted server does on a connection.

use std::{path::Path, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::sleep,
};

use crate::vector::Line;

/// Plays the script to its end, or until the client has gone.
pub(crate) async fn play(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    script: &[Line],
    folder: &str,
    heard: impl Fn(&str),
) -> std::io::Result<()> {
    for line in script {
        match line {
            Line::ReadUntil(end) => {
                let text = read_until(&mut stream, end.as_bytes()).await;
                heard(&String::from_utf8_lossy(&text));
            }
            Line::Write(text) => stream.write_all(text.as_bytes()).await?,
            Line::Sleep(seconds) => sleep(Duration::from_secs_f64(*seconds)).await,
            Line::SleepWhile(path) => {
                let path = path.replace("@DIR@", folder);
                while Path::new(&path).exists() {
                    sleep(Duration::from_millis(10)).await;
                }
            }
        }
    }
    stream.shutdown().await
}

/// What was read until the end was, or the client's.
async fn read_until(stream: &mut (impl AsyncRead + Unpin), end: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    while end.is_empty() || !text.ends_with(end) {
        match stream.read_u8().await {
            Ok(byte) => text.push(byte),
            Err(_) => break,
        }
    }
    text
}

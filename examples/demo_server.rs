//! A small HTTP server for the demonstration, on the standard library alone.
//!
//! `demo_server ADDRESS:PORT NAME FILE` answers `/name` with its name and every other path with what FILE holds at that
//! moment, so that whoever runs it can make it answer wrongly. It ends when it is killed.

use std::io::{BufRead, BufReader, Error, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;
use std::{env, fs, process::ExitCode, thread};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [address, name, file] = arguments.as_slice() else {
        eprintln!("usage: demo_server ADDRESS:PORT NAME FILE");
        return ExitCode::from(2);
    };
    match serve(address, name, Path::new(file)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("demo_server: {address}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(address: &str, name: &str, file: &Path) -> Result<(), Error> {
    let listener = TcpListener::bind(address)?;
    thread::scope(|scope| {
        for stream in listener.incoming() {
            let stream = stream?;
            // A client that goes away is no reason to end.
            scope.spawn(move || answer(stream, name, file).unwrap_or_default());
        }
        Ok(())
    })
}

fn answer(mut stream: TcpStream, name: &str, file: &Path) -> Result<(), Error> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    for header in lines {
        if header?.is_empty() {
            break;
        }
    }
    let page = match request.split(' ').nth(1) {
        Some(path) if path.starts_with("/name") => format!("{name}\n"),
        _ => fs::read_to_string(file)?,
    };
    let length = page.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{page}"
    )
}

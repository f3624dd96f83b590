//! An FTP server with one file, whatever it is asked for, in passive mode and active.

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// Where the data go.
enum Data {
    Nowhere,
    Passive(TcpListener),
    Active(String),
}

/// Serves a client until it has gone.
pub(crate) async fn serve(stream: TcpStream, file: &str, heard: impl Fn(&str)) -> std::io::Result<()> {
    let here = stream.local_addr()?.ip();
    let mut control = BufReader::new(stream);
    let mut data = Data::Nowhere;
    control.write_all(b"220 ready\r\n").await?;
    loop {
        let mut line = String::new();
        if control.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let line = line.trim_end();
        heard(line);
        let (command, words) = line.split_once(' ').unwrap_or((line, ""));
        let answer = match command.to_ascii_uppercase().as_str() {
            "USER" => "331 go on".to_owned(),
            "PASS" => "230 in".to_owned(),
            "CWD" => "250 there".to_owned(),
            "TYPE" => "200 well".to_owned(),
            "PASV" | "EPSV" => {
                let listener = TcpListener::bind((here, 0)).await?;
                let port = listener.local_addr()?.port();
                data = Data::Passive(listener);
                if command == "EPSV" {
                    format!("229 here (|||{port}|)")
                } else {
                    let address = here.to_string().replace('.', ",");
                    format!("227 here ({address},{},{})", port >> 8, port & 255)
                }
            }
            "PORT" => {
                let numbers: Vec<&str> = words.split(',').collect();
                let [ref ip @ .., high, low] = numbers[..] else { return Ok(()) };
                let port = high.parse::<u16>().unwrap_or(0) * 256 + low.parse::<u16>().unwrap_or(0);
                data = Data::Active(format!("{}:{port}", ip.join(".")));
                "200 well".to_owned()
            }
            "RETR" => {
                control.write_all(b"150 here it comes\r\n").await?;
                let mut stream = match std::mem::replace(&mut data, Data::Nowhere) {
                    Data::Nowhere => return Ok(()),
                    Data::Passive(listener) => listener.accept().await?.0,
                    Data::Active(address) => TcpStream::connect(address).await?,
                };
                stream.write_all(file.as_bytes()).await?;
                stream.shutdown().await?;
                "226 done".to_owned()
            }
            "QUIT" => {
                return control.write_all(b"221 bye\r\n").await;
            }
            _ => "502 what?".to_owned(),
        };
        control.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
}

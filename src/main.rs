//! The director's program: arguments in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    ldirectord::cli::main(std::env::args().skip(1)).into()
}

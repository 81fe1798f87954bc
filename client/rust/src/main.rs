//! The binary `migratectl`.

fn main() -> std::process::ExitCode {
    std::process::ExitCode::from(migratectl::run().number())
}

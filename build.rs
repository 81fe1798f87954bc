//! Compiles `proto/` with protox (no protoc on the machine) into tonic and prost code, the protobuf JSON mapping,
//! and the descriptor set that reflection serves.

use prost::Message as _;
use std::error::Error;
use std::path::PathBuf;

const SERVICES: [&str; 6] = ["migration", "project", "revision", "run", "schema", "target"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    let files: Vec<String> = SERVICES.iter().map(|s| format!("migrated/v1/{s}_service.proto")).collect();
    let descriptors = protox::compile(&files, ["proto"])?;
    let bytes = descriptors.encode_to_vec();
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("migrated.v1.descriptors.bin"), &bytes)?;
    tonic_prost_build::configure()
        .compile_well_known_types(true)
        .extern_path(".google.protobuf", "::pbjson_types")
        .extern_path(".migrated.v1.WatchRunResponse", "crate::v1::WatchRunResponse")
        .bytes(".migrated.v1.BodyPart.data")
        .compile_fds(descriptors)?;
    pbjson_build::Builder::new()
        .register_descriptors(&bytes)?
        .exclude([".migrated.v1.WatchRunResponse"])
        .build(&[".migrated.v1"])?;
    Ok(())
}

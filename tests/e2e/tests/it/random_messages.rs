//! Messages that no client would send, to every RPC of a running daemon: each is answered or refused, none of them makes
//! it panic, and what they hold is let go again.

use crate::harness::{Daemon, Database, Engine, Project};
use prost::Message as _;
use prost::encoding::encode_varint;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorSet};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};

/// Calls in `scripts/test`; MIGRATED_RANDOM_CALLS says another number.
const CALLS: u64 = 6_000;

/// The seed, unless MIGRATED_RANDOM_SEED says another: the same messages for everybody.
const SEED: u64 = 20_261_121;

fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().map_or(usual, |text| text.parse().expect("a number"))
}

#[test]
fn random_messages_neither_make_the_daemon_panic_nor_grow() {
    let project = Project::new(Database::new(Engine::Sqlite).expect("SQLite needs no server"));
    project.three();
    let daemon = Daemon::serve(&project, "127.0.0.1:0", "");
    project.configure_server(&format!("http://{}", daemon.address), "");
    // What the messages may name is there.
    project.ctl("upgrade head").exits(0);
    let runs = project.ctl("runs list --output json").exits(0).stdout;
    let run = runs.split('"').find(|word| word.len() == 32 && word.bytes().all(|b| b.is_ascii_hexdigit()));
    let run = run.expect("the run of the upgrade").to_owned();

    let (seed, calls) = (setting("MIGRATED_RANDOM_SEED", SEED), setting("MIGRATED_RANDOM_CALLS", CALLS));
    let mut words: Vec<String> = [
        "shop",
        "head",
        "heads",
        "base",
        "a1",
        "b2",
        "c3",
        "a1:c3",
        "-1",
        "+1",
        "t_a1",
        "postgresql",
        "sqlite",
        "main",
    ]
    .map(str::to_owned)
    .into();
    words.push(project.database.url());
    words.push(run);
    let api = Api::of_the_daemon();
    let mut draw = Draw { state: seed, words, depth: 0 };

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (mut answers, mut faults) = (BTreeMap::<(String, i32), u64>::new(), Vec::new());
    let mut early = None;
    runtime.block_on(async {
        let uri = format!("http://{}", daemon.address);
        let channel = Endpoint::new(uri).expect("an address").connect().await.expect("it listens");
        for at in 0..calls {
            if at == calls / 3 {
                early = Some(resident(daemon.pid()));
            }
            let method = &api.methods[draw.below(api.methods.len() as u64) as usize];
            let messages: Vec<Vec<u8>> = (0..if method.streams { 1 + draw.below(4) } else { 1 })
                .map(|_| draw.sent(&api, &method.input))
                .collect();
            let status = call(&channel, &method.path, messages).await;
            // A fault of the daemon's own, or a stream that broke off without a word.
            if let Err(status) = &status
                && (matches!(status.code(), Code::Internal | Code::Unknown | Code::DataLoss))
                && !is_undecodable(status)
            {
                faults.push(format!("call {at}, {}: {status:?}", method.path));
            }
            let code = status.err().map_or(0, |status| status.code() as i32);
            *answers.entry((method.path.clone(), code)).or_default() += 1;
        }
    });
    assert!(faults.is_empty(), "seed {seed}:\n{}", faults.join("\n"));
    let late = resident(daemon.pid());
    let early = early.expect("a third of the calls came first");
    assert!(
        late < early + early / 2 + (32 << 20),
        "seed {seed}: from {early} to {late} bytes over {calls} calls"
    );

    // It met every RPC, and not only refused.
    let met: BTreeSet<&str> = answers.keys().map(|(path, _)| path.as_str()).collect();
    assert_eq!(met.len(), api.methods.len(), "{met:?}");
    let answered: BTreeSet<&str> =
        answers.keys().filter(|(_, code)| *code == 0).map(|(path, _)| path.as_str()).collect();
    // Most of what works on a target needs more luck than there is in this many calls.
    assert!(answered.len() * 3 > api.methods.len(), "hardly anything was answered: {answers:?}");

    // It still does its work.
    project.ctl("current").exits(0);
    daemon.signal(rustix::process::Signal::TERM);
    let log = daemon.ends(&project).exits(0).stderr;
    assert!(!log.contains("panicked"), "seed {seed}:\n{log}");
}

/// tonic's own answer where bytes are no message of the type.
fn is_undecodable(status: &Status) -> bool {
    status.code() == Code::Internal && status.message().contains("failed to decode Protobuf message")
}

/// Bytes of memory that a process holds.
fn resident(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    line.split_whitespace().next().and_then(|n| n.parse::<u64>().ok()).expect("a number") * 1024
}

/// Calls a method with bytes as they are, and reads what is answered: to the end, or until half a second has passed.
async fn call(channel: &Channel, path: &str, messages: Vec<Vec<u8>>) -> Result<(), Status> {
    let mut grpc = tonic::client::Grpc::new(channel.clone());
    grpc.ready().await.map_err(|e| Status::data_loss(format!("the daemon is gone: {e}")))?;
    let mut request = Request::new(tokio_stream::iter(messages));
    request.set_timeout(Duration::from_millis(500));
    let path = path.parse().expect("a path");
    let mut answers = grpc.streaming(request, path, AsTheyAre).await?.into_inner();
    while answers.message().await?.is_some() {}
    Ok(())
}

/// Messages as bytes.
#[derive(Clone, Copy)]
struct AsTheyAre;

impl Codec for AsTheyAre {
    type Encode = Vec<u8>;
    type Decode = ();
    type Encoder = AsTheyAre;
    type Decoder = AsTheyAre;

    fn encoder(&mut self) -> AsTheyAre {
        *self
    }

    fn decoder(&mut self) -> AsTheyAre {
        *self
    }
}

impl Encoder for AsTheyAre {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        bytes::BufMut::put_slice(buffer, &item);
        Ok(())
    }
}

impl Decoder for AsTheyAre {
    type Item = ();
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<()>, Status> {
        bytes::Buf::advance(buffer, bytes::Buf::remaining(buffer));
        Ok(Some(()))
    }
}

/// What the daemon's descriptors say.
struct Api {
    methods: Vec<Method>,
    messages: BTreeMap<String, DescriptorProto>,
    enums: BTreeMap<String, EnumDescriptorProto>,
}

/// An RPC.
struct Method {
    path: String,
    input: String,
    streams: bool,
}

impl Api {
    fn of_the_daemon() -> Api {
        let set = FileDescriptorSet::decode(migrated_proto::v1::FILE_DESCRIPTOR_SET).expect("descriptors");
        let mut api = Api { methods: Vec::new(), messages: BTreeMap::new(), enums: BTreeMap::new() };
        for file in &set.file {
            let package = format!(".{}", file.package());
            file.enum_type.iter().for_each(|kind| api.add_enum(&package, kind));
            file.message_type.iter().for_each(|message| api.add(&package, message));
            for service in &file.service {
                api.methods.extend(service.method.iter().map(|method| Method {
                    path: format!("/{}.{}/{}", file.package(), service.name(), method.name()),
                    input: method.input_type().to_owned(),
                    streams: method.client_streaming(),
                }));
            }
        }
        api
    }

    fn add(&mut self, parent: &str, message: &DescriptorProto) {
        let name = format!("{parent}.{}", message.name());
        message.enum_type.iter().for_each(|kind| self.add_enum(&name, kind));
        message.nested_type.iter().for_each(|nested| self.add(&name, nested));
        self.messages.insert(name, message.clone());
    }

    fn add_enum(&mut self, parent: &str, kind: &EnumDescriptorProto) {
        self.enums.insert(format!("{parent}.{}", kind.name()), kind.clone());
    }
}

/// Draws messages.
struct Draw {
    state: u64,
    /// Texts that mean something to the daemon.
    words: Vec<String>,
    depth: u32,
}

impl Draw {
    /// A number below `n`, by the generator SplitMix64.
    fn below(&mut self, n: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }

    /// What is sent: mostly a message of the type, sometimes one with a few bytes changed or cut off, rarely noise.
    fn sent(&mut self, api: &Api, kind: &str) -> Vec<u8> {
        let mut bytes = self.message(api, kind);
        match self.below(10) {
            0 if !bytes.is_empty() => {
                for _ in 0..=self.below(3) {
                    let at = self.below(bytes.len() as u64) as usize;
                    bytes[at] = self.below(256) as u8;
                }
            }
            1 => bytes.truncate(self.below(bytes.len() as u64 + 1) as usize),
            2 if self.below(4) == 0 => bytes = (0..self.below(200)).map(|_| self.below(256) as u8).collect(),
            _ => {}
        }
        bytes
    }

    fn message(&mut self, api: &Api, kind: &str) -> Vec<u8> {
        let mut out = Vec::new();
        let shape = &api.messages[kind];
        self.depth += 1;
        for field in &shape.field {
            let times = match field.label() {
                // Deep down there is less, so that it ends.
                _ if self.depth > 6 => 0,
                Label::Repeated => self.below(4),
                _ => u64::from(self.below(3) > 0),
            };
            for _ in 0..times {
                self.field(api, field, &mut out);
            }
        }
        self.depth -= 1;
        out
    }

    fn field(&mut self, api: &Api, field: &FieldDescriptorProto, out: &mut Vec<u8>) {
        let key = |wire: u64| (u64::from(field.number().cast_unsigned()) << 3) | wire;
        match field.r#type() {
            Type::Double | Type::Fixed64 | Type::Sfixed64 => {
                encode_varint(key(1), out);
                out.extend(self.number().to_le_bytes());
            }
            Type::Float | Type::Fixed32 | Type::Sfixed32 => {
                encode_varint(key(5), out);
                out.extend((self.number() as u32).to_le_bytes());
            }
            Type::String | Type::Bytes => {
                let text = self.text();
                self.bytes(key(2), &text, out);
            }
            Type::Message | Type::Group => {
                let inner = self.message(api, field.type_name());
                self.bytes(key(2), &inner, out);
            }
            Type::Enum => {
                let values = &api.enums[field.type_name()].value;
                let at = self.below(values.len() as u64 + 1) as usize;
                encode_varint(key(0), out);
                encode_varint(
                    values.get(at).map_or(99, |value| u64::from(value.number().cast_unsigned())),
                    out,
                );
            }
            Type::Bool => {
                encode_varint(key(0), out);
                encode_varint(self.below(2), out);
            }
            _ => {
                encode_varint(key(0), out);
                let number = self.number();
                encode_varint(number, out);
            }
        }
    }

    fn bytes(&mut self, key: u64, value: &[u8], out: &mut Vec<u8>) {
        encode_varint(key, out);
        encode_varint(value.len() as u64, out);
        out.extend_from_slice(value);
    }

    /// Small ones, and those at the edges of their types.
    fn number(&mut self) -> u64 {
        const EDGES: [u64; 8] =
            [0, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 1 << 53, i64::MAX as u64, 1 << 63, u64::MAX];
        match self.below(3) {
            0 => EDGES[self.below(EDGES.len() as u64) as usize],
            _ => self.below(20),
        }
    }

    fn text(&mut self) -> Vec<u8> {
        const ODD: [&str; 10] = [
            "",
            "'",
            "\"; DROP TABLE t_a1; --",
            "nosuch@head",
            "ünïcode 漢字",
            "\u{0}",
            "../../etc",
            "a\nb",
            "%s%n",
            "*",
        ];
        const SQL: [&str; 4] = [
            "CREATE TABLE x (id integer PRIMARY KEY, n text NOT NULL);",
            "tables:\n- name: x\n  columns:\n  - name: id\n    type: integer\n",
            "SELECT 'unterminated",
            "-- revision: d4\n-- down_revision: c3\n-- migrate:up\nSELECT 1;\n",
        ];
        match self.below(10) {
            0 => ODD[self.below(ODD.len() as u64) as usize].into(),
            1 => SQL[self.below(SQL.len() as u64) as usize].into(),
            2 => (0..self.below(40)).map(|_| 32 + self.below(95) as u8).collect(),
            3 if self.below(20) == 0 => vec![b'x'; 70_000],
            _ => {
                let at = self.below(self.words.len() as u64) as usize;
                self.words[at].clone().into_bytes()
            }
        }
    }
}

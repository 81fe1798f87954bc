//! `migrated health`: asks the daemon of this configuration whether it serves, for images without a shell and for probes
//! that cannot speak TLS.

use crate::Failure;
use crate::config::Config;
use crate::config::listen::Address;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

/// How long the daemon may take to answer: it has nothing to ask anybody else.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks at the first address that can be asked without trust in a certificate.
///
/// # Errors
/// Where no address is of that kind (exit 2), the daemon does not answer, or does not serve (exit 1).
pub(crate) fn ask(config: &Config) -> Result<(), Failure> {
    let Some(address) = way(config) else {
        return Err(Failure {
            text: "error: every address of listen.addresses speaks TLS to others' names\n\
                   next: listen on a Unix socket too, as `unix:/run/migrated/health.sock`"
                .into(),
            exit: 2,
        });
    };
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::start)?;
    let status = runtime.block_on(async {
        let uri = match &address {
            Address::Tcp(address) => format!("http://{address}"),
            Address::Unix(path) => format!("unix://{}", path.display()),
        };
        let endpoint = Endpoint::from_shared(uri).map_err(Failure::start)?;
        let channel = endpoint.connect_timeout(PATIENCE).timeout(PATIENCE).connect().await;
        let channel = channel.map_err(|_| Failure::start(format!("no daemon answers at {address}")))?;
        let request = HealthCheckRequest { service: String::new() };
        let answer = HealthClient::new(channel).check(request).await;
        answer
            .map(|a| a.into_inner().status())
            .map_err(|e| Failure::start(format!("{address}: {}", e.message())))
    })?;
    match status {
        ServingStatus::Serving => Ok(()),
        other => Err(Failure::start(format!("the daemon at {address} is {}", other.as_str_name()))),
    }
}

/// A Unix socket, else a TCP port without TLS. What listens on every address of this machine is asked on its loopback.
fn way(config: &Config) -> Option<Address> {
    let all = config.listen.parsed();
    let unix = all.iter().find(|address| matches!(address, Address::Unix(_))).cloned();
    let plain = || match (config.tls.cert_file.is_some(), all.iter().find(|a| matches!(a, Address::Tcp(_)))?)
    {
        (false, Address::Tcp(address)) => {
            Some(Address::Tcp(SocketAddr::new(reached(address.ip()), address.port())))
        }
        _ => None,
    };
    unix.or_else(plain)
}

fn reached(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        other => other,
    }
}

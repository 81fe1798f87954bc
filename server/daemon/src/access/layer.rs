//! The layer that stands before every service.

use super::tokens::{Access, Refusal};
use crate::listen::Peer;
use crate::server::{Boxed, boxed};
use http::{Request, Response};
use jiff::Timestamp;
use migrated_core::Code;
use std::collections::HashMap;
use tonic::Status;
use tonic::body::Body;
use tonic_types::{ErrorDetails, StatusExt as _};
use tower::{Service as _, service_fn};

/// Lets through what [`Access::admit`] admits, with the [`super::Caller`] in its extensions, and answers the rest.
pub(crate) fn guard(inner: Boxed, access: Access) -> Boxed {
    boxed(service_fn(move |mut request: Request<Body>| {
        let admitted = access.admit(
            request.uri().path(),
            request.extensions().get::<Peer>(),
            request.headers().get(http::header::AUTHORIZATION).map(|v| v.as_bytes()),
            Timestamp::now(),
        );
        // The routes are always ready; a clone is how a `&mut` service is called from a shared closure.
        let mut inner = inner.clone();
        async move {
            match admitted {
                Err(refusal) => Ok(refused(&refusal)),
                Ok(caller) => {
                    if let Some(caller) = caller {
                        tracing::Span::current().record("caller", &caller.name);
                        request.extensions_mut().insert(caller);
                    }
                    inner.call(request).await
                }
            }
        }
    }))
}

/// The answer to a call that was not let through.
fn refused(refusal: &Refusal) -> Response<Body> {
    let code = match refusal.code {
        Code::PermissionDenied => tonic::Code::PermissionDenied,
        _ => tonic::Code::Unauthenticated,
    };
    let parts = [("code", refusal.code.number()), ("next", refusal.next)];
    let metadata: HashMap<String, String> = parts.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
    let mut details = ErrorDetails::new();
    details.set_error_info(refusal.code.reason(), "migrated", metadata);
    Status::with_error_details(code, refusal.message.clone(), details).into_http()
}

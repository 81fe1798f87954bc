//! The layer that stands before every service.

use super::tokens::{Access, Refusal};
use crate::listen::Peer;
use crate::server::{Boxed, boxed};
use crate::status::status;
use http::{Request, Response};
use jiff::Timestamp;
use migrated_engine::EngineError;
use tonic::body::Body;
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
    let error = EngineError::new(refusal.code, refusal.message.clone()).next(refusal.next);
    status(&error).into_http()
}

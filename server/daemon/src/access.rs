//! stub
#[derive(Clone)]
pub(crate) struct Caller { pub(crate) name: String }

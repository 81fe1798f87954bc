//! The answer of WatchRun by hand: a part of a run's log goes to thousands of watchers, and is encoded once for all.

use crate::v1::RunUpdate;
use prost::Message;
use prost::bytes::{Buf, BufMut, Bytes};
use prost::encoding::{DecodeContext, WireType, message, skip_field};

/// Response of WatchRun.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WatchRunResponse {
    /// Part of the run's log. `None` in one that was [encoded](Self::encoded) before.
    pub update: Option<RunUpdate>,
    encoded: Bytes,
}

impl WatchRunResponse {
    /// One that is sent as these bytes, which are what a response encodes to. They are shared, not copied.
    pub fn encoded(bytes: Bytes) -> WatchRunResponse {
        WatchRunResponse { update: None, encoded: bytes }
    }
}

impl From<RunUpdate> for WatchRunResponse {
    fn from(update: RunUpdate) -> WatchRunResponse {
        WatchRunResponse { update: Some(update), encoded: Bytes::new() }
    }
}

/// The field `update`.
const UPDATE: u32 = 1;

impl Message for WatchRunResponse {
    fn encode_raw(&self, buf: &mut impl BufMut) {
        buf.put_slice(&self.encoded);
        if let Some(update) = &self.update {
            message::encode(UPDATE, update, buf);
        }
    }

    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: WireType,
        buf: &mut impl Buf,
        ctx: DecodeContext,
    ) -> Result<(), prost::DecodeError> {
        match tag {
            UPDATE => message::merge(wire_type, self.update.get_or_insert_default(), buf, ctx),
            _ => skip_field(wire_type, tag, buf, ctx),
        }
    }

    fn encoded_len(&self) -> usize {
        let update = self.update.as_ref().map_or(0, |update| message::encoded_len(UPDATE, update));
        self.encoded.len() + update
    }

    fn clear(&mut self) {
        *self = WatchRunResponse::default();
    }
}

#[cfg(test)]
mod tests {
    use super::WatchRunResponse;
    use crate::v1::RunUpdate;
    use prost::Message as _;

    #[test]
    fn what_was_encoded_before_arrives_as_if_it_were_encoded_now() {
        let update = RunUpdate { run_id: "r".into(), resume_after: Some(300), ..RunUpdate::default() };
        let response = WatchRunResponse::from(update);
        let bytes = response.encode_to_vec();
        assert_eq!(bytes.len(), response.encoded_len());
        let shared = WatchRunResponse::encoded(bytes.clone().into());
        assert_eq!(shared.encode_to_vec(), bytes);
        assert_eq!(shared.encoded_len(), bytes.len());
        assert_eq!(WatchRunResponse::decode(&bytes[..]), Ok(response.clone()));
        // A field that a later release may add is skipped.
        let later: Vec<u8> = bytes.into_iter().chain([0x78, 1]).collect();
        assert_eq!(WatchRunResponse::decode(&later[..]), Ok(response));
    }
}

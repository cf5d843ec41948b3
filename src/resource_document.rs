//! The content handler behind `auth_jwt_resource_document`: the metadata of the protected resource
//! (RFC 9728), for everybody. Nothing in it comes from the request.

use crate::ffi::{ContentHandler, Request, Status};
use crate::module::AuthJwt;

/// Answers with the location's document.
pub(crate) struct ResourceDocument;

impl ContentHandler for ResourceDocument {
    const NAME: &'static str = "auth_jwt_resource_document";

    fn handle(r: Request<'_>) -> Status {
        if !r.is_get_or_head() {
            return Status::NOT_ALLOWED;
        }
        match r.loc_conf::<AuthJwt>().resource_document() {
            Some(json) => r.send("application/json", json.as_bytes()),
            None => Status::INTERNAL_SERVER_ERROR,
        }
    }
}

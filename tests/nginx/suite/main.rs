//! The integration suite, one module per theme: a real nginx, the module under test, and what the
//! specification says about them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm,
    reason = "a test fails by panicking, its helpers too"
)]

mod algorithms; // every algorithm with every form of its key
mod audience; // audience, algorithms, profile
mod challenge; // statuses and WWW-Authenticate
mod compatibility; // other modules' documented examples
mod config_errors; // what nginx -t says
mod confusion; // no algorithm with another's key
mod examples; // nginx-conf/
mod floods; // thousands of hostile requests on one worker
mod harness; // the harness itself
mod hostile; // thought out to break it
mod http2;
mod inheritance; // how levels add up
mod issuer; // issuers and their policy
mod issuer_faults; // providers that fail
mod issuer_fetch; // keys from a provider
mod key_request; // keys from a location of the server
mod keys; // key files and the choice of a key
mod migrations; // docs/migrate-from-*.md
mod odd_keys; // what a key set may hold
mod optional; // a token is optional
mod phases; // limits, satisfy, other access modules
mod preflight; // CORS
mod protocol; // methods, bodies, connections
mod providers; // docs/providers.md
mod redirects; // internal redirects between locations
mod reload; // reloads and exits
mod require_claim; // requirements on claims and header parameters
mod resource; // RFC 9728
mod revocation;
mod rotation; // key files that change
mod scope;
mod security; // what broke other modules
mod time; // exp, nbf, leeway, the switches
mod token_cache; // verified tokens are not verified again
mod token_format; // strict compact serialization
mod token_source; // where the token is looked for
mod variable_paths; // key files named by variables
mod variables; // what $jwt_* shows
mod visibility; // and where
mod without_token; // who passes without one

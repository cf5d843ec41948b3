//! Which keys a token is tried with.

use crate::support::{load, parse, refused};
use jwt_core::{Error, KeySet, NoticeLevel, VerifyOptions, verify};
use jwt_testkit::{Alg, Key, claims, jwks, token};
use std::sync::Arc;

fn set(keys: &[Key]) -> Arc<KeySet> {
    parse(jwks(&keys.iter().collect::<Vec<_>>())).0
}

fn secret(number: u32) -> Key {
    Key::secret(Alg::HS256, format!("{number:0>32}").as_bytes())
}

fn tried(token: &str, sets: &[Arc<KeySet>]) -> Result<(), (&'static str, usize)> {
    match verify(token.as_bytes(), sets, &VerifyOptions::default()) {
        Ok(_) => Ok(()),
        Err(Error::BadSignature { tried, .. }) => Err(("bad_signature", tried)),
        Err(error) => Err((error.code(), 0)),
    }
}

#[test]
fn a_kid_picks_its_keys_and_no_others() {
    let keys = set(&[
        secret(1).with_kid("a"),
        secret(2).with_kid("b"),
        secret(3).with_kid("b"),
    ]);
    let by = |number, kid: &str| {
        tried(
            &token(&secret(number).with_kid(kid), &claims("x")),
            &[Arc::clone(&keys)],
        )
    };
    assert_eq!(by(1, "a"), Ok(()));
    assert_eq!(by(2, "b"), Ok(()));
    assert_eq!(by(3, "b"), Ok(()));
    assert_eq!(by(2, "a"), Err(("bad_signature", 1)));
    assert_eq!(by(1, "b"), Err(("bad_signature", 2)));
    assert_eq!(by(1, "c"), Err(("unknown_key", 0)));
    assert_eq!(by(1, ""), Err(("unknown_key", 0)));
    assert_eq!(by(1, "A"), Err(("unknown_key", 0)));
    assert_eq!(by(1, "a "), Err(("unknown_key", 0)));
}

#[test]
fn a_token_without_kid_is_tried_with_all_that_fit() {
    let keys = set(&[
        secret(1).with_kid("a"),
        Key::fixed(Alg::ES256),
        secret(2),
        Key::fixed(Alg::HS384),
        secret(3).with_kid("b"),
    ]);
    for number in 1..=3 {
        assert_eq!(
            tried(&token(&secret(number), &claims("x")), &[Arc::clone(&keys)]),
            Ok(())
        );
    }
    assert_eq!(
        tried(&token(&secret(4), &claims("x")), &[keys]),
        Err(("bad_signature", 3))
    );
}

#[test]
fn keys_without_kid_serve_any_token() {
    let keys = set(&[secret(1), secret(2).with_kid("a")]);
    let by = |number, kid: &str| {
        tried(
            &token(&secret(number).with_kid(kid), &claims("x")),
            &[Arc::clone(&keys)],
        )
    };
    assert_eq!(by(1, "a"), Ok(()), "after the keys of that kid");
    assert_eq!(by(1, "unheard of"), Ok(()));
    assert_eq!(by(2, "unheard of"), Err(("bad_signature", 1)));
    assert_eq!(by(3, "a"), Err(("bad_signature", 2)));
}

#[test]
fn an_empty_kid_is_a_kid() {
    let keys = set(&[secret(1).with_kid(""), secret(2).with_kid("a")]);
    assert_eq!(
        tried(
            &token(&secret(1).with_kid(""), &claims("x")),
            &[Arc::clone(&keys)]
        ),
        Ok(())
    );
    assert_eq!(
        tried(&token(&secret(2).with_kid(""), &claims("x")), &[keys]),
        Err(("bad_signature", 1))
    );
}

#[test]
fn all_sets_count_and_the_kid_is_looked_for_in_all_first() {
    let sets = [
        set(&[secret(1)]),
        set(&[]),
        set(&[secret(2).with_kid("a"), secret(3).with_kid("b")]),
    ];
    for (number, kid) in [(1, "a"), (2, "a"), (3, "b"), (1, "z")] {
        assert_eq!(
            tried(&token(&secret(number).with_kid(kid), &claims("x")), &sets),
            Ok(())
        );
    }
    assert_eq!(tried(&token(&secret(2), &claims("x")), &sets), Ok(()));
    // Eight keys without kid do not push the one of the token's kid out of its turn.
    let crowd: Vec<Key> = (10..18).map(secret).collect();
    let sets = [set(&crowd), set(&[secret(2).with_kid("a")])];
    assert_eq!(
        tried(&token(&secret(2).with_kid("a"), &claims("x")), &sets),
        Ok(())
    );
}

#[test]
fn at_most_eight_keys_are_tried_in_the_order_of_the_sets() {
    let crowd: Vec<Key> = (0..20).map(secret).collect();
    let same_kid: Vec<Key> = crowd.iter().map(|key| key.clone().with_kid("k")).collect();
    for (sets, kid) in [
        (vec![set(&crowd)], None),
        (vec![set(&crowd)], Some("k")),
        (vec![set(&same_kid)], Some("k")),
        (vec![set(&same_kid)], None),
        (vec![set(&crowd[..5]), set(&crowd[5..])], None),
    ] {
        for number in 0..20 {
            let key = match kid {
                Some(kid) => secret(number).with_kid(kid),
                None => secret(number),
            };
            let expected = if number < 8 {
                Ok(())
            } else {
                Err(("bad_signature", 8))
            };
            assert_eq!(
                tried(&token(&key, &claims("x")), &sets),
                expected,
                "key {number}"
            );
        }
    }
}

#[test]
fn more_than_eight_candidates_are_warned_about() {
    let distinct: Vec<Key> = (0..9).map(|n| secret(n).with_kid(&n.to_string())).collect();
    let (_, notices) = parse(jwks(&distinct.iter().collect::<Vec<_>>()));
    assert_eq!(notices.len(), 1);
    assert_eq!(notices[0].level, NoticeLevel::Warn);
    assert!(
        notices[0].message.contains("9 keys fit HS256"),
        "{notices:?}"
    );
    let (_, notices) = parse(jwks(&distinct.iter().skip(1).collect::<Vec<_>>()));
    assert_eq!(notices, []);
}

/// Before any cryptography: the kid is known, its key is for something else.
#[test]
fn a_kid_whose_key_is_for_another_algorithm_is_an_unknown_key() {
    let keys = load(jwks(&[&Key::fixed(Alg::ES256).with_kid("k")]));
    let minted = token(&Key::fixed(Alg::RS256).with_kid("k"), &claims("x"));
    assert_eq!(refused(&minted, &keys), "unknown_key");
    let error = crate::support::check(minted, &keys).unwrap_err();
    assert!(error.to_string().contains("another algorithm"), "{error}");
}

//! Hands the features of the nginx that we build for (nginx-sys reads them from its configure
//! result) to `cfg(ngx_feature)`, compiles what bindgen cannot express, and keeps the module loaded
//! for the life of the process.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let checked = std::env::var("DEP_NGINX_FEATURES_CHECK").unwrap_or_default();
    println!("cargo::rustc-check-cfg=cfg(ngx_feature, values({checked}))");
    for feature in std::env::var("DEP_NGINX_FEATURES")
        .unwrap_or_default()
        .split(',')
        .filter(|f| !f.is_empty())
    {
        println!("cargo::rustc-cfg=ngx_feature=\"{feature}\"");
    }
    let number = std::env::var("DEP_NGINX_VERSION_NUMBER").unwrap_or_default();
    println!("cargo::rustc-check-cfg=cfg(nginx_header_chain)");
    // nginx 1.23 chains response headers of one name through `next`.
    if number.parse::<u32>().is_ok_and(|n| n >= 1_023_000) {
        println!("cargo::rustc-cfg=nginx_header_chain");
    }
    // `make build` copies the nginx executable from here.
    if let Ok(dir) = std::env::var("DEP_NGINX_BUILD_DIR") {
        println!("cargo::metadata=nginx_build_dir={dir}");
        println!("cargo::rustc-env=NGINX_OBJS={dir}");
    }
    compile_c();
    // nginx unloads modules when a worker exits; a helper thread may still run our code then.
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}

fn compile_c() {
    println!("cargo::rerun-if-changed=src/ffi/request_bits.c");
    let mut c = cc::Build::new();
    c.file("src/ffi/request_bits.c");
    let includes = std::env::var_os("DEP_NGINX_INCLUDE").unwrap_or_default();
    c.includes(std::env::split_paths(&includes));
    let flags = std::env::var("DEP_NGINX_CFLAGS").unwrap_or_default();
    for flag in flags.split_whitespace() {
        c.flag(flag);
    }
    c.compile("ngx_http_auth_jwt_request_bits");
}

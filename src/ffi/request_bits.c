/*
 * Bit fields of ngx_http_request_t, as the compiler of nginx lays them out. From nginx 1.29 on they
 * follow a 16-bit member, and bindgen then misplaces all behind the first that would cross a word.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

unsigned
ngx_http_auth_jwt_uri_changes(const ngx_http_request_t *r)
{
    return r->uri_changes;
}


/* Whether nginx may have cleared the contexts of the modules. */

unsigned
ngx_http_auth_jwt_ctx_cleared(const ngx_http_request_t *r)
{
    return r->internal || r->filter_finalize;
}


unsigned
ngx_http_auth_jwt_in_memory(const ngx_http_request_t *r)
{
    return r->subrequest_in_memory;
}

#pragma once
#include "messages/remote_server.hpp"

#include <optional>

/// Requests that older servers know in another form only: PUT /v1/send_join, /v1/send_leave and, for rooms of
/// versions 1 and 2, /v1/invite. Their answers are `[200, {..}]`. Whoever asks does not notice.
namespace causeway::remote_server {

/// Whether the request may have to be repeated in the old form.
bool has_v1_fallback(const peer_request& m);
/// Whether the answer says that the server does not know the endpoint: a 404 of something that does not speak Matrix,
/// or M_UNRECOGNIZED.
bool is_unknown_endpoint(const gateway::http_answer& a);
/// The same request for the old endpoint; nothing when its body cannot be put that way.
std::optional<peer_request> in_v1_fallback(const peer_request& m);
/// Leaves the object of `[200, {..}]`; anything else stays as it is.
void take_out_of_v1_fallback(gateway::http_answer& a);

} // namespace causeway::remote_server

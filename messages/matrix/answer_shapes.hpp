#pragma once
#include "messages/fault.hpp"
#include "messages/matrix/endpoints.hpp"

#include <string_view>

/// What an endpoint promises to answer with status 200: one row per endpoint, beside their table. A web page, an empty
/// body, a list, half an answer, or another program's JSON is no answer. Source: server-server-api, the responses of
/// each endpoint.
namespace causeway::matrix {

/// Whether `body` is what `id` promises with a 200. Only the shape: which members there are and of which kind; who
/// asked judges what they say. The answer of a v1 endpoint is expected without its `[200, ..]`. Endpoints whose body is
/// no JSON (files) promise nothing here. Where servers in use answer otherwise than the specification, it is taken: see
/// ARCHITECTURE.md, "An answer has the shape its endpoint promises".
/// @returns fault peer_bad_answer: what is missing
status check_answer(endpoint id, std::string_view body);

} // namespace causeway::matrix

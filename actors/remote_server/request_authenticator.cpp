#include "actors/remote_server/request_authenticator.hpp"

#include "actors/remote_server/inbound_replies.hpp"
#include "messages/matrix/json_lists.hpp"
#include "messages/matrix/request_auth.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace causeway::remote_server {

void request_authenticator::receive(const inbound_request& m) {
  if (auto fine = server_.admitted(); !fine) {
    // What anybody may ask it may ask too, as anybody.
    if (m.match->info->auth == matrix::authentication::open) return not_authenticated(m, fine.error());
    return refuse(out_, m, {fine.error().code, "this server does not federate with " + server_.name});
  }
  auto v = check(m);
  if (!take(m, v)) fetch_keys_for(m, v);
}

void request_authenticator::retry(key_fetch state) {
  auto waiting = std::exchange(waiting_, {});
  for (auto& w : waiting) {
    if (has_key_for(w.request) && !(w.what == waits_for::word && state == key_fetch::open)) check_last(w.request);
    else waiting_.push_back(std::move(w));
  }
}

void request_authenticator::retry_all() {
  for (const auto& w : std::exchange(waiting_, {})) check_last(w.request);
}

bool request_authenticator::take(const inbound_request& m, verdict& v) {
  switch (v.is) {
  case verdict::kind::genuine: events_.authenticated(m, std::move(v.body)); return true;
  case verdict::kind::malformed: refuse(out_, m, v.why); return true;
  case verdict::kind::unproven: break;
  }
  return false;
}

void request_authenticator::check_last(const inbound_request& m) {
  auto v = check(m);
  if (!take(m, v)) not_authenticated(m, v.why);
}

request_authenticator::verdict request_authenticator::check(const inbound_request& m) const {
  verdict v;
  const std::string_view sent = m.request->body;
  std::shared_ptr<matrix::json::value> body;
  std::string canonical;
  std::size_t checked = 0;
  for (const auto& header : *m.authorization) {
    const auto x = matrix::parse_x_matrix(header);
    if (!x || x->origin != server_.name) continue;
    if (x->destination && *x->destination != server_.node.server_name) {
      v.why.detail = "the request is signed for " + *x->destination;
      continue;
    }
    const auto* key = keys_.current(x->key_id);
    if (!key) {
      v.key_missing = true;
      v.why.detail = "key " + x->key_id + " of " + server_.name + " is not known or not valid now" +
                     (keys_.last_fault().empty() ? "" : ": " + keys_.last_fault());
      continue;
    }
    if (checked++ == signatures_checked_max) break;
    const auto& destination = x->destination ? *x->destination : server_.node.server_name;
    const auto is_signed = [&](std::string_view content) {
      return matrix::verify_signature(
        key->public_key_base64, x->signature,
        matrix::request_signed_bytes_of_text(m.request->method, m.request->target, server_.name, destination,
                                             sent.empty() ? std::nullopt : std::optional{content}));
    };
    // Most servers send canonical JSON: then the text that was signed is the text that came, and nothing is parsed
    // before it is known whose it is. Otherwise it is made canonical.
    if (is_signed(sent)) return {.is = verdict::kind::genuine};
    if (!body && !sent.empty()) {
      const bool is_transaction = m.match->info->id == matrix::endpoint::send;
      auto value = is_transaction ? matrix::json::parse_deep(sent) : matrix::json::parse(sent);
      if (!value) return {.is = verdict::kind::malformed, .why = value.error()};
      body = std::make_shared<matrix::json::value>(std::move(*value));
      canonical = matrix::json::canonical(*body);
    }
    if (body && canonical != sent && is_signed(canonical))
      return {.is = verdict::kind::genuine, .body = std::move(body)};
    v.key_doubted = true;
    v.why.detail = "the signature does not match the request";
  }
  return v;
}

void request_authenticator::fetch_keys_for(const inbound_request& m, const verdict& v) {
  // Somebody uses its name right now, so it is worth a try sooner than for an event that may be years old.
  const bool under_way = keys_.is_under_way();
  const bool paused = !under_way && keys_.were_asked_within(server_.options().key_fetch_retry_ms);
  const bool fetch_missing = v.key_missing && !paused, fetch_doubted = v.key_doubted && keys_.may_doubt();
  if (!fetch_missing && !fetch_doubted) return not_authenticated(m, v.why);
  const bool waits = wait(m, fetch_missing ? waits_for::key : waits_for::word);
  if (!keys_.is_fetching() && fetch_doubted) keys_.fetch_doubted();
  else if (!keys_.is_fetching() && !under_way) keys_.fetch();
  // When it is repeated the keys may be there.
  if (!waits)
    not_authenticated(m, {fault_code::limit_exceeded, "too much waits for the keys of " + server_.name + "; repeat"},
                      1'000);
}

bool request_authenticator::wait(const inbound_request& m, waits_for what) {
  std::size_t bytes = m.request->body.size();
  for (const auto& w : waiting_) bytes += w.request.request->body.size();
  const auto bytes_max = keys_.keys().empty() ? stranger_waiting_bytes_max : waiting_bytes_max;
  if (waiting_.size() >= waiting_max || bytes > bytes_max) return false;
  waiting_.push_back({m, what});
  return true;
}

bool request_authenticator::has_key_for(const inbound_request& m) const {
  return std::any_of(m.authorization->begin(), m.authorization->end(), [&](const auto& header) {
    const auto x = matrix::parse_x_matrix(header);
    return x && x->origin == server_.name && keys_.current(x->key_id);
  });
}

void request_authenticator::not_authenticated(const inbound_request& m, const fault& why,
                                              std::uint32_t retry_after_ms) {
  if (m.match->info->auth != matrix::authentication::open) return refuse(out_, m, why, retry_after_ms);
  federation_call call{m.gateway, m.id, {}, m.match, nullptr};
  if (!m.request->body.empty()) {
    auto value = matrix::json::parse(m.request->body);
    if (!value) return refuse(out_, m, value.error());
    call.body = std::make_shared<const matrix::json::value>(std::move(*value));
  }
  out_.send_at_once({actor_kind::directory, ""}, std::move(call));
}

} // namespace causeway::remote_server

#pragma once
#include "actors/context.hpp"
#include "actors/effects.hpp"
#include "messages/matrix/endpoints.hpp"
#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/request_auth.hpp"
#include "messages/matrix/signing.hpp"
#include "messages/verifier.hpp"
#include "tests/invitation_words.hpp"
#include "tests/membership_words.hpp"

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What tests of the pure machines share: keys and contexts of two servers, and a look into effects.
namespace causeway::test {

inline constexpr time_ms noon = 1'767'268'800'000; ///< 2026-01-01 12:00 UTC

inline matrix::signing_key key_of(char letter) {
  auto key = matrix::signing_key::from_seed(std::string(32, letter));
  if (!key) throw std::runtime_error(to_string(key.error()));
  return *key;
}

/// A node by that name, with the default settings.
inline context node_of(std::string server_name, const matrix::signing_key& key) {
  return context{std::make_shared<identity>(
    identity{std::move(server_name), key, 1, "boot", {}, nullptr, std::make_shared<answering_servers>()})};
}
/// Who a node of `node_of` is, to be changed before its machine is made.
inline identity& change_identity(context& node) { return const_cast<identity&>(*node.who()); }
/// The settings of a machine that is tested, to be changed between two messages.
inline settings& change(context& node) {
  auto own = std::make_shared<settings>(node.settings());
  auto& to_change = *own;
  node.take_over(std::move(own));
  return to_change;
}
/// The node whose machines are tested: here.example.
inline context here(std::string room_version = "11") {
  auto c = node_of("here.example", key_of('h'));
  change(c).federation.room_version = std::move(room_version);
  change(c).federation.retry_jitter_percent = 0;
  return c;
}
/// The other server: there.example.
inline matrix::signing_key there_key() { return key_of('t'); }

inline matrix::verify_keys keys_of(const matrix::signing_key& key, std::int64_t valid_until_ts = noon + 86'400'000) {
  matrix::verify_keys keys;
  keys[key.key_id()] = {key.public_key_base64(), valid_until_ts, false};
  return keys;
}

/// All messages of one kind in a list of effects, those after a commit included.
template <class T>
std::vector<std::pair<address, T>> told(const effects& list) {
  std::vector<std::pair<address, T>> found;
  for (const auto& e : list) {
    if (const auto* t = std::get_if<tell>(&e)) {
      if (const auto* x = std::get_if<T>(&t->body)) found.emplace_back(t->to, *x);
    } else if (const auto* p = std::get_if<persist>(&e)) {
      auto more = told<T>(p->then);
      found.insert(found.end(), more.begin(), more.end());
    }
  }
  return found;
}

/// Ids of the commands that have ended; of those that failed with a "!".
inline std::vector<std::string> ended_commands(const effects& list) {
  std::vector<std::string> ids;
  for (const auto& [to, done] : told<command_done>(list))
    ids.push_back(done.reference.command_id + (done.succeeded ? "" : "!"));
  return ids;
}

/// All rows of one kind a list of effects writes.
template <class T>
std::vector<T> written(const effects& list) {
  std::vector<T> found;
  for (const auto& e : list)
    if (const auto* p = std::get_if<persist>(&e)) {
      for (const auto& w : p->batch.writes)
        if (const auto* x = std::get_if<T>(&w)) found.push_back(*x);
      auto more = written<T>(p->then);
      found.insert(found.end(), more.begin(), more.end());
    }
  return found;
}

/// All effects of one kind, at any depth.
template <class T>
std::vector<T> of_kind(const effects& list) {
  std::vector<T> found;
  for (const auto& e : list) {
    if (const auto* x = std::get_if<T>(&e)) found.push_back(*x);
    if (const auto* p = std::get_if<persist>(&e)) {
      auto more = of_kind<T>(p->then);
      found.insert(found.end(), more.begin(), more.end());
    }
  }
  return found;
}

/// When a timer of that name was last set; 0: not.
inline time_ms timer_at(const effects& list, timer_name name) {
  time_ms at = 0;
  for (const auto& w : of_kind<wake_me_at>(list))
    if (w.name == name) at = w.at;
  return at;
}

inline message store_says(token asked, store::answer what) {
  return store_answered{asked, std::make_shared<const store::answer>(std::move(what))};
}

inline message http_says(std::uint64_t id, int status, std::string body = "{}", fault why = {}) {
  auto a = std::make_shared<gateway::http_answer>();
  a->id = id;
  a->status = status;
  a->body = std::move(body);
  a->why = std::move(why);
  return http_answered{std::move(a)};
}

/// A request of another server, as the gateway edge hands it on.
inline inbound_request asked_by(const std::string& origin, const std::string& method, const std::string& target,
                                std::string body, std::vector<std::string> authorization, std::uint64_t id = 1) {
  inbound_request r;
  r.gateway = "g";
  r.id = id;
  auto match = matrix::match_endpoint(method, target);
  if (!match) throw std::runtime_error(to_string(match.error()));
  r.match = std::make_shared<const matrix::endpoint_match>(std::move(*match));
  r.authorization = std::make_shared<const std::vector<std::string>>(std::move(authorization));
  r.request = std::make_shared<const gateway::federation_request>(
    gateway::federation_request{id, method, target, *r.authorization, std::move(body), "192.0.2.1:1"});
  (void)origin;
  return r;
}

/// The same, signed by there.example for here.example.
inline inbound_request asked_by_there(const std::string& method, const std::string& target, std::string body = {},
                                      std::uint64_t id = 1, const std::string& destination = "here.example") {
  std::unique_ptr<matrix::json::value> content;
  if (!body.empty()) content = std::make_unique<matrix::json::value>(*matrix::json::parse(body));
  auto header = matrix::sign_request(method, target, "there.example", destination, content.get(), there_key());
  return asked_by("there.example", method, target, std::move(body), {std::move(header)}, id);
}

/// Servers of a crowd, s0.crowd.example and so on, have the key of there.example.
inline std::string crowd_server(int number) { return "s" + std::to_string(number) + ".crowd.example"; }

/// What the verifier would answer, with the keys of both servers, of third.example (whose key is `key_of('3')`) and the
/// crowd.
/// @param knows_key  by id; those it denies cannot be had
inline events_verified verdict_on(const verify_events& m,
                                  const std::function<bool(const std::string& key_id)>& knows_key = {}) {
  key_ring ring;
  ring["here.example"] = std::make_shared<const matrix::verify_keys>(keys_of(key_of('h')));
  ring["there.example"] = std::make_shared<const matrix::verify_keys>(keys_of(there_key()));
  ring["third.example"] = std::make_shared<const matrix::verify_keys>(keys_of(key_of('3')));
  for (const auto& e : m.events)
    if (const std::string server{matrix::server_name_of(e->sender)}; server.ends_with(".crowd.example"))
      ring[server] = ring["there.example"];
  if (knows_key)
    for (auto& [server, keys] : ring) {
      auto known = *keys;
      std::erase_if(known, [&](const auto& k) { return !knows_key(k.first); });
      keys = std::make_shared<const matrix::verify_keys>(std::move(known));
    }
  events_verified v;
  v.asked = m.asked;
  for (const auto& e : m.events) v.checks.push_back(check_event(*e, ring, "here.example"));
  return v;
}

} // namespace causeway::test

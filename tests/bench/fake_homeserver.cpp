#include "tests/bench/fake_homeserver.hpp"

#include "messages/matrix/endpoints.hpp"
#include "messages/matrix/json.hpp"
#include "messages/matrix/request_auth.hpp"
#include "messages/matrix/sha256.hpp"
#include "messages/matrix/transaction.hpp"

#include <unistd.h>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace causeway::bench {

namespace json = matrix::json;

namespace {

matrix::signing_key make_key(const std::string& server_name) {
  auto key = matrix::signing_key::from_seed(matrix::sha256(server_name), "ed25519:load");
  require(static_cast<bool>(key), "a signing key could not be made");
  return *std::move(key);
}

json::value parse(const http_reply& reply, std::string_view what) {
  require(reply.status == 200,
          std::string{what} + " was answered with " + std::to_string(reply.status) + ' ' + reply.body);
  auto value = json::parse(reply.body);
  require(static_cast<bool>(value), std::string{what} + " was not answered with JSON");
  return *std::move(value);
}

} // namespace

fake_homeserver::fake_homeserver(std::string server_name, std::string broker)
    : server_name_(std::move(server_name)), broker_(std::move(broker)), key_(make_key(server_name_)) {}

std::string fake_homeserver::key_document() const {
  return json::canonical(matrix::server_keys_document(server_name_, key_, {}, now_ms() + 86'400'000));
}

http_reply fake_homeserver::get(https_connection& to, const std::string& target) const {
  return to.request("GET", target, matrix::sign_request("GET", target, server_name_, broker_, nullptr, key_), {});
}

joined_room fake_homeserver::join(https_connection& to, const std::string& room_id, std::string_view localpart) const {
  const auto user = '@' + std::string{localpart} + ':' + server_name_;
  std::string versions;
  for (const auto& v : matrix::room_versions()) versions += (versions.empty() ? "?ver=" : "&ver=") + std::string{v.id};
  const auto made =
    parse(get(to, matrix::endpoint_path(matrix::endpoint::make_join, {room_id, user}) + versions), "make_join");
  const auto* version = made.find_string("room_version");
  const auto* event_template = made.find_object("event");
  require(version && event_template, "make_join has no room_version or event");
  const auto* rules = matrix::find_room_version(*version);
  require(rules != nullptr, "make_join names an unknown room version");

  auto pdu = *event_template;
  for (const auto* key : {"event_id", "unsigned", "signatures", "hashes"}) pdu.erase(key);
  pdu.set("origin_server_ts", now_ms());
  auto join_event = matrix::hash_and_sign(std::move(pdu), *rules, server_name_, key_);
  require(static_cast<bool>(join_event), "the join could not be signed");
  const auto target = matrix::endpoint_path(matrix::endpoint::send_join_v2, {room_id, (*join_event)->event_id});
  const json::value content{(*join_event)->source};
  const auto answer = parse(put(to, target, content), "send_join");

  joined_room room{room_id, user, rules, {}, (*join_event)->event_id, (*join_event)->depth};
  const auto* state = answer.find_array("state");
  require(state != nullptr, "send_join has no state");
  for (const auto& entry : *state) {
    const auto* type = entry.find_string("type");
    const bool cites_create = !rules->room_id_is_create_hash;
    if (!type || !((cites_create && *type == "m.room.create") || *type == "m.room.power_levels") || !entry.as_object())
      continue;
    auto event = matrix::make_event(*entry.as_object(), *rules);
    require(static_cast<bool>(event), "send_join has a malformed event");
    room.auth_events.push_back((*event)->event_id);
  }
  room.auth_events.push_back(room.last_event_id);
  return room;
}

matrix::event_ptr fake_homeserver::sign(json::object pdu, const matrix::room_version_rules& rules) const {
  auto event = matrix::hash_and_sign(std::move(pdu), rules, server_name_, key_);
  require(static_cast<bool>(event), "an event could not be signed");
  return *std::move(event);
}

matrix::event_ptr fake_homeserver::next_event(joined_room& room, std::string_view type, json::object content,
                                              std::optional<std::string> state_key) const {
  json::object pdu{{"auth_events", json::array(room.auth_events.begin(), room.auth_events.end())},
                   {"content", std::move(content)},
                   {"depth", room.depth + 1},
                   {"origin_server_ts", now_ms()},
                   {"prev_events", json::array{json::value{room.last_event_id}}},
                   {"room_id", room.room_id},
                   {"sender", room.user_id},
                   {"type", type}};
  if (state_key) pdu.set("state_key", *std::move(state_key));
  auto event = sign(std::move(pdu), *room.rules);
  room.last_event_id = event->event_id;
  ++room.depth;
  return event;
}

matrix::event_ptr fake_homeserver::next_message(joined_room& room, std::string_view text) const {
  return next_event(room, "m.room.message", {{"body", text}, {"m.mentions", json::object{}}, {"msgtype", "m.text"}},
                    {});
}

matrix::event_ptr fake_homeserver::next_profile(joined_room& room, std::string_view display_name) const {
  auto event = next_event(room, "m.room.member", {{"displayname", display_name}, {"membership", "join"}}, room.user_id);
  room.auth_events.back() = event->event_id;
  return event;
}

http_reply fake_homeserver::put(https_connection& to, const std::string& target, const json::value& content) const {
  return to.request("PUT", target, matrix::sign_request("PUT", target, server_name_, broker_, &content, key_),
                    json::canonical(content));
}

fake_homeserver::prepared_request fake_homeserver::prepare_transaction(const std::string& transaction_id,
                                                                       const std::vector<std::string>& pdus) const {
  prepared_request out;
  out.target = matrix::endpoint_path(matrix::endpoint::send, {transaction_id});
  out.body = matrix::write_transaction(server_name_, now_ms(), {pdus.begin(), pdus.end()}, {});
  auto content = json::parse(out.body);
  require(static_cast<bool>(content), "a transaction is no JSON");
  out.authorization = matrix::sign_request("PUT", out.target, server_name_, broker_, &*content, key_);
  return out;
}

process_usage usage_of(int pid) {
  process_usage out;
  const auto folder = "/proc/" + std::to_string(pid);
  std::ifstream stat{folder + "/stat"};
  std::string line;
  require(static_cast<bool>(std::getline(stat, line)), "the measured process is gone");
  std::istringstream fields{line.substr(line.rfind(')') + 2)};
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  double user = 0, system = 0;
  fields >> user >> system;
  out.cpu_seconds = (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
  std::ifstream status{folder + "/status"};
  while (std::getline(status, line)) {
    if (line.starts_with("VmRSS:")) out.rss_mib = std::atof(line.c_str() + 6) / 1024;
    if (line.starts_with("VmHWM:")) out.rss_peak_mib = std::atof(line.c_str() + 6) / 1024;
  }
  return out;
}

double percentile(std::vector<double> samples, double fraction) {
  if (samples.empty()) return 0;
  const auto at =
    std::min(samples.size() - 1, static_cast<std::size_t>(static_cast<double>(samples.size()) * fraction));
  std::nth_element(samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(at), samples.end());
  return samples[at];
}

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
    .count();
}

double now_s() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

void require(bool condition, std::string_view sentence) {
  if (condition) return;
  std::fprintf(stderr, "load: %.*s\n", static_cast<int>(sentence.size()), sentence.data());
  std::_Exit(1);
}

std::string argument(int argc, char** argv, std::string_view name, std::string_view otherwise) {
  for (int i = 1; i + 1 < argc; ++i)
    if (std::string_view{argv[i]}.starts_with("--") && std::string_view{argv[i]}.substr(2) == name) return argv[i + 1];
  return std::string{otherwise};
}

} // namespace causeway::bench

#pragma once
#include "tests/bench/fake_homeserver.hpp"

#include "messages/matrix/json.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace causeway::bench {

/// A room of version 11, made by the first of its servers: everybody may join, and everybody did, one after the other.
class large_room {
public:
  large_room(const std::vector<fake_homeserver>& servers, std::size_t members) : resident_(servers.front()) {
    rules_ = matrix::find_room_version("11");
    require(rules_ != nullptr, "room version 11 is not known");
    id_ = "!large:" + resident_.server_name();
    creator_ = "@creator:" + resident_.server_name();
    create_ = add(resident_, creator_, "m.room.create", "", {{"room_version", "11"}}, {});
    join_ = add(resident_, creator_, "m.room.member", creator_, {{"membership", "join"}}, {create_});
    levels_ =
      add(resident_, creator_, "m.room.power_levels", "",
          {{"users", matrix::json::object{{creator_, 100}}}, {"invite", 50}, {"state_default", 50}}, {create_, join_});
    rule_ = add(resident_, creator_, "m.room.join_rules", "", {{"join_rule", "public"}}, {create_, join_, levels_});
    for (std::size_t i = 1; i < members; ++i) {
      const auto& server = servers[i % servers.size()];
      const auto user = "@member" + std::to_string(i) + ':' + server.server_name();
      add(server, user, "m.room.member", user, {{"displayname", "Member " + std::to_string(i)}, {"membership", "join"}},
          {create_, levels_, rule_});
    }
  }
  const std::string& id() const { return id_; }

  matrix::event_ptr invite(const std::string& user) {
    return make(resident_, creator_, "m.room.member", user, {{"membership", "invite"}}, {create_, join_, levels_});
  }
  std::string join_template(const std::string& user, const matrix::event& invite) const {
    return matrix::json::canonical(matrix::json::object{
      {"event", matrix::json::object{{"auth_events", ids({create_, levels_, rule_, invite.event_id})},
                                     {"content", matrix::json::object{{"membership", "join"}}},
                                     {"depth", depth_ + 1},
                                     {"origin_server_ts", now_ms()},
                                     {"prev_events", ids({invite.event_id})},
                                     {"room_id", id_},
                                     {"sender", user},
                                     {"state_key", user},
                                     {"type", "m.room.member"}}},
      {"room_version", "11"}});
  }
  enum class members : std::uint8_t { omitted, whole };
  std::string join_answer(members which, const matrix::event& invite,
                          const std::vector<fake_homeserver>& servers) const {
    std::string out = "{\"state\":" + list(which == members::whole ? state_.size() : 4, &invite) +
                      ",\"auth_chain\":" + list(4, nullptr);
    if (which == members::omitted) {
      out += ",\"members_omitted\":true,\"servers_in_room\":[";
      for (const auto& s : servers) out += (&s == &servers.front() ? "\"" : ",\"") + s.server_name() + '"';
      out += ']';
    }
    return out + ",\"origin\":\"" + resident_.server_name() + "\"}";
  }
  std::string state_answer(const matrix::event& invite) const {
    return "{\"pdus\":" + list(state_.size(), &invite) + ",\"auth_chain\":" + list(4, nullptr) + "}";
  }
  std::string summary() const {
    return matrix::json::canonical(matrix::json::object{
      {"children", matrix::json::array{}},
      {"inaccessible_children", matrix::json::array{}},
      {"room",
       matrix::json::object{{"room_id", id_}, {"num_joined_members", static_cast<std::int64_t>(state_.size() - 3)}}}});
  }

private:
  static matrix::json::array ids(const std::vector<std::string>& list) { return {list.begin(), list.end()}; }
  matrix::event_ptr make(const fake_homeserver& server, const std::string& sender, const char* type,
                         const std::string& state_key, matrix::json::object content,
                         const std::vector<std::string>& auth_events) {
    matrix::json::array prev_events;
    if (!last_.empty()) prev_events.emplace_back(last_);
    return server.sign({{"auth_events", ids(auth_events)},
                        {"content", std::move(content)},
                        {"depth", ++depth_},
                        {"origin_server_ts", now_ms()},
                        {"prev_events", std::move(prev_events)},
                        {"room_id", id_},
                        {"sender", sender},
                        {"state_key", state_key},
                        {"type", type}},
                       *rules_);
  }
  std::string add(const fake_homeserver& server, const std::string& sender, const char* type,
                  const std::string& state_key, matrix::json::object content,
                  const std::vector<std::string>& auth_events) {
    const auto event = make(server, sender, type, state_key, std::move(content), auth_events);
    last_ = event->event_id;
    state_.push_back(event->to_json());
    return event->event_id;
  }
  std::string list(std::size_t count, const matrix::event* last) const {
    std::string out = "[";
    for (std::size_t i = 0; i < count; ++i) out += (i > 0 ? "," : "") + state_[i];
    return last ? out + ',' + last->to_json() + ']' : out + ']';
  }

  const fake_homeserver& resident_;
  const matrix::room_version_rules* rules_ = nullptr;
  std::string id_, creator_, create_, join_, levels_, rule_, last_;
  std::int64_t depth_ = 0;
  std::vector<std::string> state_; ///< as text: create, creator, power levels, join rule, then the other members
};

} // namespace causeway::bench

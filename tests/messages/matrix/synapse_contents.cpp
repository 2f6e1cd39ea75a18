#include "made_room.hpp"
#include "messages/matrix/identifiers.hpp"
#include "room_check.hpp"
#include "tests/vectors.hpp"

#include <map>
#include <optional>
#include <unordered_map>

/// Odd contents of events, and what Synapse's own code says to them in each room version: tests/interop/verdicts made
/// the table.
namespace causeway::matrix {
BOOST_AUTO_TEST_SUITE(synapse_contents)

namespace {

using test::parsed;

/// A row of the table: type, state_key and sender of an event of the state, and its content as text.
struct entry {
  std::string type, state_key, sender;
  std::optional<std::string> content; ///< nothing: the room has no such event
};

const std::string& text_at(const json::array& row, std::size_t index) { return *row.at(index).as_string(); }

std::vector<entry> entries_of(const json::value* list) {
  std::vector<entry> all;
  if (list)
    for (const auto& item : *list->as_array()) {
      const auto& row = *item.as_array();
      all.push_back({text_at(row, 0), text_at(row, 1), text_at(row, 2),
                     row.at(3).as_string() ? std::optional{*row.at(3).as_string()} : std::nullopt});
    }
  return all;
}

/// The room of a case in one version, made of events that have passed the checks of form.
class judged_room {
public:
  explicit judged_room(const room_version_rules& rules) : rules_{rules} {}

  /// Nothing when the event's form is refused.
  status put(const entry& x) {
    const auto key = state_key_pair{x.type, x.state_key};
    if (!x.content) {
      state_.erase(key);
      return ok();
    }
    auto content = object_of(*x.content);
    if (x.type == "m.room.create") {
      if (!content.contains("room_version")) content.set("room_version", rules_.id);
      if (!rules_.implicit_creator && !content.contains("creator")) content.set("creator", x.sender);
    }
    auto made = make(x.type, x.sender, &x.state_key, std::move(content), {}, {});
    if (!made) return made.error();
    if (x.type == "m.room.create") create_ = *made;
    events_[(*made)->event_id] = *made;
    state_[key] = *made;
    return ok();
  }

  status verdict(const json::array& row) {
    const auto* state_key = row.at(2).as_string();
    const auto more = row.size() > 4 ? *row.at(4).as_object() : json::object{};
    state_map ids;
    for (const auto& [key, x] : state_) ids.insert_or_assign(key, x->event_id);
    auto content = object_of(text_at(row, 3));
    const auto cited = select_auth_events(rules_, text_at(row, 0), text_at(row, 1), state_key, content, ids);
    const auto made = make(text_at(row, 0), text_at(row, 1), state_key, std::move(content), more, cited);
    if (!made) return made.error();
    if ((*made)->has_oversized_identifier) return fault{fault_code::forbidden, "an identifier is too long"};
    const auto find = [&](std::string_view id) -> const event* {
      const auto found = events_.find(std::string{id});
      return found == events_.end() ? nullptr : found->second.get();
    };
    if (auto checked = check_auth_events(**made, find, [](std::string_view) { return false; }); !checked)
      return checked;
    return check_auth(**made, create_.get(), [&](std::string_view type, std::string_view key) -> const event* {
      const auto found = state_.find({std::string{type}, std::string{key}});
      return found == state_.end() ? nullptr : found->second.get();
    });
  }

private:
  json::object object_of(std::string text) const {
    constexpr std::string_view mark = "<alice>";
    if (const auto at = text.find(mark); at != std::string::npos)
      text.replace(at, mark.size(), rules_.privileged_creators ? "" : R"("@alice:a.test":100,)");
    return parsed(text);
  }

  json::array cite(const std::vector<std::string>& event_ids) const {
    json::array out;
    for (const auto& id : event_ids)
      out.push_back(rules_.event_ids == event_id_format::given ? json::value{json::array{id, json::object{}}}
                                                               : json::value{id});
    return out;
  }

  result<event_ptr> make(const std::string& type, const std::string& sender, const std::string* state_key,
                         json::object content, const json::object& more, const std::vector<std::string>& auth_events) {
    json::object pdu{{"type", type}, {"sender", sender}, {"depth", ++count_}, {"origin_server_ts", count_}};
    pdu.set("content", std::move(content));
    pdu.set("hashes", json::object{{"sha256", ""}});
    pdu.set("signatures", json::object{});
    std::vector<std::string> parents{"$earlier:a.test", "$other:a.test"};
    if (more.contains("after")) parents = {create_ ? create_->event_id : "$earlier:a.test"};
    else if (type == "m.room.create") parents.clear();
    pdu.set("prev_events", cite(parents));
    pdu.set("auth_events", cite(auth_events));
    if (state_key) pdu.set("state_key", *state_key);
    if (create_) pdu.set("room_id", create_->room_id);
    else if (!rules_.room_id_is_create_hash) pdu.set("room_id", "!room:a.test");
    if (rules_.event_ids == event_id_format::given)
      pdu.set("event_id", "$" + std::to_string(count_) + ":" + std::string{server_name_of(sender)});
    for (const auto& [key, mapped] : more)
      if (key != "after") pdu.set(key, mapped);
    return make_event(std::move(pdu), rules_);
  }

  const room_version_rules& rules_;
  event_ptr create_;
  std::map<state_key_pair, event_ptr> state_;
  std::unordered_map<std::string, event_ptr> events_;
  int count_ = 0;
};

status verdict_in(const room_version_rules& rules, const json::value& base, const json::value& row) {
  const auto& proposed = test::array_at(row, "event");
  const bool founds_the_room =
    text_at(proposed, 0) == "m.room.create" && (proposed.size() < 5 || !proposed.at(4).find("after"));
  std::vector<entry> state = founds_the_room ? std::vector<entry>{} : entries_of(&base);
  for (auto& other : entries_of(row.find("state"))) {
    const auto same = std::find_if(state.begin(), state.end(), [&](const entry& x) {
      return x.type == other.type && x.state_key == other.state_key;
    });
    if (same == state.end()) state.push_back(std::move(other));
    else *same = std::move(other);
  }
  judged_room room{rules};
  for (const auto& each : state)
    if (const auto put = room.put(each); !put)
      BOOST_ERROR(test::string_at(row, "name") << ": the room cannot be: " << put.error().detail);
  return room.verdict(proposed);
}

} // namespace

BOOST_AUTO_TEST_CASE(odd_contents_are_judged_as_by_synapse) {
  const auto table = test::read_json(test::vector_path("synapse_contents.json.gz"));
  BOOST_TEST_REQUIRE(table.has_value());
  const auto& base = *table->find("base");
  std::size_t judged = 0;
  for (const auto& row : *table->find("cases")->as_array()) {
    const auto& letters = test::string_at(row, "verdicts");
    BOOST_TEST_REQUIRE(letters.size() == room_versions().size());
    for (std::size_t i = 0; i < letters.size(); ++i) {
      if (letters[i] == '-') continue; // no such room can come to be
      const auto& rules = room_versions()[i];
      const auto verdict = verdict_in(rules, base, row);
      ++judged;
      // Allowed, or not: what Synapse drops because it fails on it we keep as rejected.
      if (bool(verdict) != (letters[i] == 'a'))
        BOOST_ERROR("version " << rules.id << ", " << test::string_at(row, "name") << ": Synapse says " << letters[i]
                               << ", we say " << test::words(verdict));
    }
  }
  BOOST_TEST(judged > 60'000u);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::matrix

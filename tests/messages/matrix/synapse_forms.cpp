#include "messages/matrix/json_lists.hpp"
#include "messages/verifier.hpp"
#include "room_check.hpp"
#include "tests/vectors.hpp"

#include <algorithm>

/// Events of odd forms, and what Synapse's own code makes of them when they are pushed: tests/interop/verdicts made the
/// table.
namespace causeway::matrix {
BOOST_AUTO_TEST_SUITE(synapse_forms)

namespace {

/// As the table has it: taken, taken as its redacted form, rejected, dropped.
enum class outcome : char { taken = 't', redacted = 'h', rejected = 'r', dropped = 'd' };

key_ring keys_of(const json::object& table) {
  auto keys = std::make_shared<verify_keys>();
  for (const auto& [key_id, entry] : *table.find("keys")->as_object()) {
    const auto& row = *entry.as_array();
    keys->emplace(key_id, verify_key{*row.at(0).as_string(), *row.at(1).as_integer()});
  }
  key_ring ring;
  for (const auto& server : *table.find("servers")->as_array()) ring.emplace(*server.as_string(), keys);
  return ring;
}

/// An item of a transaction, made an event.
result<event_ptr> formed(std::string_view text, const room_version_rules& rules) {
  auto item = json::parse_deep(text);
  if (!item) return item.error();
  return make_event(std::move(*item->as_object()), rules);
}

/// Receipt checks 1 to 3.
outcome received(std::string_view text, const room_version_rules& rules, const key_ring& keys) {
  const auto made = formed(text, rules);
  if (!made) return outcome::dropped;
  const auto checked = check_event(**made, keys, "our.test");
  if (checked != event_check::valid && checked != event_check::bad_hash) return outcome::dropped;
  if ((*made)->has_oversized_identifier) return outcome::rejected;
  return checked == event_check::valid ? outcome::taken : outcome::redacted;
}

/// Where we do otherwise and mean it: how the names of such cases begin, what we say, from which version on, and why.
struct meant_difference {
  std::string_view name;
  outcome ours;
  int first_version = 1;
  std::string_view why;
};

constexpr std::string_view dropped_alone =
  "unsigned is no part of the event: it is left out, and the event is served without it";
constexpr std::string_view size_of_the_event =
  "Synapse counts unsigned, which differs from server to server; the specification counts the event";
constexpr std::string_view no_such_event = "no event has such an id: what is said to follow on it can never be placed";
constexpr std::string_view no_such_room = "no room has such an id, so we are in none";
constexpr std::string_view named_by_hash = "event_id is left out: the event has its name by its hash";
constexpr std::string_view rules_refuse =
  "an invite is excused from its sender's signature by a signed third_party_invite alone; the rules refuse the others";

constexpr meant_difference meant[] = {
  {"unsigned ", outcome::taken, 1, dropped_alone},
  {"an event of 65522 bytes and unsigned", outcome::taken, 1, dropped_alone},
  {"an event of 65523 bytes", outcome::taken, 1, size_of_the_event},
  {"an event of 65535 bytes", outcome::taken, 1, size_of_the_event},
  {"an event of 65536 bytes", outcome::taken, 1, size_of_the_event},
  {"event_id ", outcome::taken, 3, named_by_hash},
  {"room_id ", outcome::dropped, 1, no_such_room},
  {"prev_events", outcome::dropped, 3, no_such_event},
  {"auth_events", outcome::dropped, 3, no_such_event},
  {"invite with third_party_invite ", outcome::dropped, 1, rules_refuse},
  {"content 1.5", outcome::dropped, 1, "Synapse reads a float as an object of one member"},
};

bool is_meant(std::string_view name, const room_version_rules& rules, outcome ours) {
  return std::any_of(std::begin(meant), std::end(meant), [&](const meant_difference& x) {
    return name.starts_with(x.name) && ours == x.ours && std::stoi(std::string{rules.id}) >= x.first_version;
  });
}

} // namespace

BOOST_AUTO_TEST_CASE(odd_forms_are_received_as_by_synapse) {
  const auto table = test::read_json(test::vector_path("synapse_forms.json.gz"));
  BOOST_TEST_REQUIRE(table.has_value());
  const auto keys = keys_of(*table);
  std::size_t cases = 0;
  for (const auto& row : *table->find("cases")->as_array()) {
    const auto& name = test::string_at(row, "name");
    const auto& letters = test::string_at(row, "verdicts");
    BOOST_TEST_REQUIRE(letters.size() == room_versions().size());
    const std::string* text = nullptr;
    for (std::size_t i = 0; i < letters.size(); ++i) {
      const auto& rules = room_versions()[i];
      for (const auto& from : test::array_at(row, "texts"))
        if (*from.as_array()->at(0).as_string() == rules.id) text = from.as_array()->at(1).as_string();
      const auto ours = received(*text, rules, keys);
      ++cases;
      if (static_cast<char>(ours) != letters[i] && !is_meant(name, rules, ours))
        BOOST_ERROR("version " << rules.id << ", " << name << ": Synapse says " << letters[i] << ", we say "
                               << static_cast<char>(ours) << ": " << test::why(formed(*text, rules)));
    }
  }
  BOOST_TEST(cases > 10'000u);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::matrix

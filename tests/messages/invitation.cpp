#include "messages/invitation.hpp"

#include "messages/invitation_transitions.hpp"
#include "tests/invitation_words.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <set>
#include <string>
#include <vector>

using namespace causeway;

BOOST_AUTO_TEST_SUITE(invitation_words_and_transitions)

namespace {

constexpr auto state_count = detail::invitation_states.size();
constexpr auto direction_count = detail::invitation_directions.size();

invitation_state state_at(std::size_t i) { return static_cast<invitation_state>(i); }
invitation_direction direction_at(std::size_t i) { return static_cast<invitation_direction>(i); }
invitation_cause cause_at(std::size_t i) { return static_cast<invitation_cause>(i); }

/// All that the table allows, by asking it about every direction, state and cause: "direction from cause to notice".
std::set<std::string> allowed() {
  std::set<std::string> all;
  for (std::size_t d = 0; d < direction_count; ++d)
    for (std::size_t s = 0; s < state_count; ++s)
      for (std::size_t c = 0; c < invitation_cause_count; ++c)
        if (const auto* x = find_transition(direction_at(d), state_at(s), cause_at(c))) {
          constexpr const char* notices[] = {"-", "changed", "received"};
          all.insert(std::string{name(direction_at(d))} + ' ' + (s == 0 ? "none" : name(state_at(s))) + ' ' +
                     name(cause_at(c)) + ' ' + name(x->to) + ' ' + notices[static_cast<std::size_t>(x->notice)]);
        }
  return all;
}

/// States that can be reached from `from`, itself included.
std::set<invitation_state> reachable(invitation_direction direction, invitation_state from) {
  std::set<invitation_state> seen{from};
  std::vector<invitation_state> open{from};
  while (!open.empty()) {
    const auto at = open.back();
    open.pop_back();
    for (std::size_t c = 0; c < invitation_cause_count; ++c)
      if (const auto* x = find_transition(direction, at, cause_at(c)); x && seen.insert(x->to).second)
        open.push_back(x->to);
  }
  return seen;
}

} // namespace

BOOST_AUTO_TEST_CASE(every_word_is_read_as_what_it_was_printed_from) {
  for (std::size_t i = 0; i < state_count; ++i) BOOST_TEST((find_invitation_state(name(state_at(i))) == state_at(i)));
  for (std::size_t i = 0; i < direction_count; ++i)
    BOOST_TEST((find_invitation_direction(name(direction_at(i))) == direction_at(i)));
  for (std::size_t i = 0; i < detail::next_requests.size(); ++i) {
    const auto x = static_cast<next_request>(i);
    BOOST_TEST((find_next_request(name(x)) == x));
  }
  BOOST_TEST(name(invitation_state::revoked_unconfirmed) == std::string_view{"revoked_unconfirmed"});
  BOOST_TEST(name(invitation_state::banned) == std::string_view{"banned"});
  BOOST_TEST(name(invitation_direction::knock) == std::string_view{"knock"});
  BOOST_TEST(name(next_request::tell) == std::string_view{"tell"});
  BOOST_TEST(!find_invitation_state("Pending"));
  BOOST_TEST(!find_invitation_direction(""));
  BOOST_TEST(!find_next_request("nothing"));
}

BOOST_AUTO_TEST_CASE(open_is_what_may_be_answered_and_waiting_what_may_be_answered_or_confirmed) {
  for (std::size_t i = 0; i < state_count; ++i) {
    const auto x = state_at(i);
    const bool open = x == invitation_state::sending || x == invitation_state::pending;
    BOOST_TEST(is_open(x) == open);
    BOOST_TEST(is_waiting(x) == (open || x == invitation_state::revoked_unconfirmed));
  }
}

BOOST_AUTO_TEST_CASE(every_state_and_cause_leads_where_the_contract_says_or_nowhere) {
  const std::set<std::string> expected{
    "outgoing none invited sending changed",
    "outgoing sending taken pending changed",
    "outgoing sending joined accepted changed",
    "outgoing pending joined accepted changed",
    "outgoing failed joined accepted changed",
    "outgoing revoked joined accepted changed",
    "outgoing revoked_unconfirmed joined accepted changed",
    "outgoing expired joined accepted changed",
    "outgoing sending rejected rejected changed",
    "outgoing pending rejected rejected changed",
    "outgoing revoked_unconfirmed rejected rejected changed",
    "outgoing sending revoked_unsent revoked changed",
    "outgoing sending revoked revoked_unconfirmed changed",
    "outgoing pending revoked revoked_unconfirmed changed",
    "outgoing revoked_unconfirmed revocation_delivered revoked changed",
    "outgoing sending expired expired changed",
    "outgoing pending expired expired changed",
    "outgoing sending failed failed changed",
    "outgoing sending banned banned changed",
    "outgoing pending banned banned changed",
    "outgoing revoked_unconfirmed banned banned changed",
    "incoming none invited pending received",
    "incoming pending joined accepted changed",
    "incoming pending rejected rejected changed",
    "incoming pending revoked revoked changed",
    "incoming pending banned banned changed",
    "incoming accepted reopened pending received",
    "knock none knocked sending changed",
    "knock sending knocked sending -",
    "knock none taken pending changed",
    "knock sending taken pending changed",
    "knock sending invited accepted changed",
    "knock pending invited accepted changed",
    "knock sending joined accepted changed",
    "knock pending joined accepted changed",
    "knock accepted joined accepted -",
    "knock sending rejected rejected changed",
    "knock pending rejected rejected changed",
    "knock accepted rejected rejected changed",
    "knock sending revoked revoked changed",
    "knock pending revoked revoked changed",
    "knock accepted revoked revoked changed",
    "knock sending failed failed changed",
    "knock sending banned banned changed",
    "knock pending banned banned changed",
    "knock accepted banned banned changed",
    "knock accepted reopened pending received",
  };
  const auto found = allowed();
  for (const auto& x : expected) BOOST_TEST(found.contains(x), "missing: " << x);
  for (const auto& x : found) BOOST_TEST(expected.contains(x), "not expected: " << x);
}

BOOST_AUTO_TEST_CASE(no_state_and_cause_have_two_rules) {
  std::set<std::string> seen;
  for (const auto& x : invitation_transitions)
    for (std::size_t s = 0; s < state_count; ++s)
      if (x.from.has(state_at(s)))
        BOOST_TEST(seen.insert(std::string{name(x.direction)} + name(state_at(s)) + ' ' + name(x.cause)).second,
                   name(x.direction) << ' ' << name(state_at(s)) << ' ' << name(x.cause));
}

BOOST_AUTO_TEST_CASE(every_state_of_a_direction_is_reached_and_each_life_can_end) {
  using enum invitation_state;
  const std::map<invitation_direction, std::set<invitation_state>> states{
    {invitation_direction::outgoing,
     {none, sending, pending, accepted, rejected, revoked, revoked_unconfirmed, expired, failed, banned}},
    {invitation_direction::incoming, {none, pending, accepted, rejected, revoked, banned}},
    {invitation_direction::knock, {none, sending, pending, accepted, rejected, revoked, failed, banned}}};
  for (const auto& [direction, all] : states) {
    BOOST_TEST((reachable(direction, none) == all), name(direction));
    for (const auto from : all) {
      bool can_end = false;
      for (const auto to : reachable(direction, from)) can_end = can_end || !is_waiting(to);
      BOOST_TEST(can_end, name(direction) << ' ' << name(from));
    }
    for (const auto last : {rejected, banned, accepted})
      if (direction == invitation_direction::outgoing || last != accepted)
        BOOST_TEST(reachable(direction, last).size() == 1u, name(direction) << ' ' << name(last));
    // What we took back may have been accepted where nobody had seen that yet.
    for (const auto last : {revoked, expired})
      BOOST_TEST((reachable(direction, last) ==
                  (direction == invitation_direction::outgoing ? std::set{last, accepted} : std::set{last})),
                 name(direction) << ' ' << name(last));
    BOOST_TEST(!reachable(direction, sending).contains(none));
  }
  BOOST_TEST(reachable(invitation_direction::knock, failed).size() == 1u);
  BOOST_TEST((reachable(invitation_direction::outgoing, failed) == std::set{failed, accepted}));
}

BOOST_AUTO_TEST_CASE(the_chat_server_is_notified_of_a_change_and_of_no_repetition) {
  for (const auto& x : invitation_transitions) {
    BOOST_TEST((x.notice == invitation_notice::nothing) == x.from.has(x.to));
    BOOST_TEST((x.notice == invitation_notice::received) ==
               (x.to == invitation_state::pending && x.cause != invitation_cause::taken));
    BOOST_TEST(std::string{x.says} != "");
  }
}

BOOST_AUTO_TEST_SUITE_END()

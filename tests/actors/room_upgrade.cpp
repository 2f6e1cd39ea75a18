// A room goes on as another one: made by one of ours, or followed where somebody of another server has made it.
#include "actors/room/successor_following.hpp"
#include "actors/room/successor_state.hpp"
#include "messages/edge/packing.hpp"
#include "tests/actors/room_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace causeway;
using namespace causeway::test;
using matrix::json::array;
using matrix::json::object;

BOOST_AUTO_TEST_SUITE(room_upgrades)

namespace {

/// A room of ann's, and the actor of the room that it goes on as.
struct upgraded_room : shared_room {
  room_host next{here()};
  bool answers = true; ///< false: the other actor hears nothing
  std::size_t asked = 0;

  explicit upgraded_room(const std::string& version = "11") : shared_room(version) {
    outside = [this](const address& to, const message& m) -> std::optional<message> {
      const auto* wanted = std::get_if<successor_request>(&m);
      if (!wanted) return {};
      ++asked;
      if (!answers) return {};
      if (next.room_id != to.key) {
        next.room_id = to.key;
        next.restart();
      }
      return told<successor_founded>(next.on(*wanted)).at(0).second;
    };
  }
  effects upgrade(const std::string& version, const std::string& by = ann) {
    chat_command c;
    c.random = "next-room";
    return command(chat::room_upgrade{"chat-1", by, version}, std::move(c));
  }
  void change(const std::string& type, object content) {
    push({made(ann, type, std::move(content), "")}, "here.example");
  }
  matrix::event_ptr next_state(const std::string& type, const std::string& key = {}) const {
    const auto it = next.state().find({type, key});
    return it == next.state().end() ? nullptr : next.event(it->second);
  }
  matrix::event_ptr tombstone() const { return event(state().at({"m.room.tombstone", ""})); }
};

std::string text(const matrix::event_ptr& e, const char* key) {
  const auto* found = e ? e->content().find(key) : nullptr;
  return found && found->as_string() ? *found->as_string() : "";
}

} // namespace

BOOST_AUTO_TEST_CASE(an_upgraded_room_goes_on_with_what_it_was) {
  for (const auto& [from, to] :
       {std::pair{"10", "11"}, std::pair{"11", "12"}, std::pair{"12", "12"}, std::pair{"12", "11"}}) {
    upgraded_room r{from};
    r.change("m.room.name", {{"name", "Lobby"}});
    r.change("m.room.topic", {{"topic", "Weather"}});
    r.change("m.room.avatar", {{"url", "mxc://here.example/1"}});
    r.change("m.room.server_acl", {{"allow", array{"*"}}, {"deny", array{"bad.example"}}});
    r.change("m.room.join_rules", {{"join_rule", "invite"}});
    r.command(chat::member_ban{"chat-1", ann, eli, "spam", false});
    r.command(chat::member_set_role{"chat-1", ann, bob, chat::role::moderator});
    const auto list = r.upgrade(to);
    BOOST_REQUIRE_MESSAGE((refusal_in(list).code == fault_code::none), refusal_in(list).detail);
    BOOST_TEST(told<command_done>(list)[0].second.body ==
               chat::encode(chat::answer{chat::room_upgraded_answer{r.next.room_id, to}}));
    BOOST_TEST(*r.next_state("m.room.create")->content().find("predecessor")->find_string("room_id") == r.room_id);
    BOOST_TEST(text(r.next_state("m.room.create"), "room_version") == to);
    BOOST_TEST(text(r.next_state("m.room.name"), "name") == "Lobby");
    BOOST_TEST(text(r.next_state("m.room.topic"), "topic") == "Weather");
    BOOST_TEST(text(r.next_state("m.room.avatar"), "url") == "mxc://here.example/1");
    BOOST_TEST(text(r.next_state("m.room.history_visibility"), "history_visibility") == "shared");
    BOOST_TEST((r.next_state("m.room.server_acl")->content().find("deny")->as_array()->size() == 1U));
    BOOST_TEST(text(r.next_state("m.room.join_rules"), "join_rule") == "restricted");
    const auto allowed = r.next_state("m.room.join_rules")->content().find("allow")->as_array()->at(0);
    BOOST_TEST(*allowed.find_string("room_id") == r.room_id);
    BOOST_TEST(r.next.membership(ann) == "join");
    BOOST_TEST(r.next.membership(bob) == "join");
    BOOST_TEST(r.next.membership(eve) == ""); // they come by themselves
    BOOST_TEST(r.next.membership(eli) == "ban");
    const auto& users = *r.next_state("m.room.power_levels")->content().find("users");
    BOOST_TEST(*users.find_integer(bob) == 50);
    BOOST_TEST((users.find(ann) == nullptr) == (std::string{to} == "12"));
    BOOST_TEST(text(r.tombstone(), "replacement_room") == r.next.room_id);
  }
}

BOOST_AUTO_TEST_CASE(the_chat_server_is_told_once_and_its_id_goes_over_in_the_same_commit) {
  upgraded_room r;
  const auto list = r.upgrade("12");
  const auto upgrades = notified<chat::room_upgraded>(list);
  BOOST_REQUIRE(upgrades.size() == 1U);
  BOOST_TEST(upgrades[0].room == "chat-1");
  BOOST_TEST(upgrades[0].old_matrix_room_id == r.room_id);
  BOOST_TEST(upgrades[0].matrix_room_id == r.next.room_id);
  BOOST_TEST(upgrades[0].room_version == "12");
  BOOST_TEST(upgrades[0].by == ann);
  BOOST_TEST(upgrades[0].event_id == r.tombstone()->event_id);
  BOOST_TEST(notified<chat::room_changed>(list).empty());
  BOOST_TEST(notified<chat::role_changed>(list).empty()); // that nobody writes in the old one is part of it
  bool is_one_commit = false;
  for (const auto& e : list)
    if (const auto* p = std::get_if<persist>(&e)) {
      bool has_tombstone = false, has_binding = false, has_answer = false;
      for (const auto& w : p->batch.writes) {
        const auto* event = std::get_if<store::put_event>(&w);
        const auto* bound = std::get_if<store::bind_room>(&w);
        has_tombstone = has_tombstone || (event && event->event->type == "m.room.tombstone");
        has_binding = has_binding || (bound && bound->room_id == r.next.room_id && bound->chat_room_id == "chat-1");
        has_answer = has_answer || std::holds_alternative<store::put_command_result>(w);
      }
      is_one_commit = is_one_commit || (has_tombstone && has_binding && has_answer);
      if (!has_binding) continue;
      // Who is told with the commit may write by that id at once: the directory knows by then.
      const effects ahead{list.begin(),
                          std::find_if(list.begin(), list.end(), [&](const auto& x) { return &x == &e; })};
      BOOST_TEST(told<room_named>(ahead).size() == 1U);
    }
  BOOST_TEST(is_one_commit);
  const auto named = told<room_named>(list);
  BOOST_REQUIRE(named.size() == 1U);
  BOOST_TEST(named[0].second.former == r.room_id);
  BOOST_TEST(r.disk.head.chat_room_id == "");
  BOOST_TEST(r.disk.head.successor == r.next.room_id);
  BOOST_TEST(r.disk.head.succession == "");
  BOOST_TEST((refusal_in(r.upgrade("12")).code == fault_code::already_exists));
  const auto said = r.command(chat::query_can{"chat-1", ann, chat::action::upgrade, {}, {}});
  const auto may = edge::unpack<chat::can_answer>(told<command_done>(said).at(0).second.body, fault_code::bad_body);
  BOOST_TEST(may->verdict == "no");
}

BOOST_AUTO_TEST_CASE(a_direct_message_stays_one_when_it_is_upgraded) {
  upgraded_room r;
  r.disk.head.type = chat::room_type::dm;
  r.restart();
  r.upgrade("12");
  BOOST_TEST((r.next.disk.head.type == chat::room_type::dm));
}

BOOST_AUTO_TEST_CASE(what_is_written_meanwhile_goes_to_the_new_room) {
  upgraded_room r;
  r.answers = false;
  r.upgrade("12");
  auto list = r.command(chat::message_send{"chat-1", bob, "m1", "meanwhile", {}, {}, {}, {}, {}});
  BOOST_TEST(told<command_done>(list).empty());
  r.answers = true;
  list = r.pass(room::room_upgrade::repeat_ms + 1);
  BOOST_TEST(notified<chat::room_upgraded>(list).size() == 1U);
  const auto on = told<chat_command>(list);
  BOOST_REQUIRE(on.size() == 1U);
  BOOST_TEST(on[0].first.key == r.next.room_id);
  BOOST_TEST(on[0].second.room_id == r.next.room_id);
  BOOST_TEST(std::holds_alternative<chat::message_send>(*on[0].second.body));
}

BOOST_AUTO_TEST_CASE(an_upgrade_goes_on_after_a_restart_as_the_same_room) {
  upgraded_room r;
  r.answers = false;
  BOOST_TEST(told<command_done>(r.upgrade("12")).empty());
  BOOST_TEST(r.asked == 1U);
  r.answers = true;
  const auto list = r.restart();
  BOOST_TEST(r.asked == 2U);
  BOOST_TEST(notified<chat::room_upgraded>(list).size() == 1U);
  BOOST_REQUIRE(written<store::put_command_result>(list).size() == 1U);
  BOOST_TEST(written<store::put_command_result>(list)[0].succeeded);
  BOOST_TEST(r.disk.head.successor == r.next.room_id);
  // The new room was made once, whatever it is asked.
  BOOST_TEST(r.next.disk.events.size() > 0U);
  const auto events = r.next.disk.events.size();
  successor_request again{r.room_id, r.next_state("m.room.create"), chat::room_type::channel, {}};
  const auto answered = told<successor_founded>(r.next.on(again));
  BOOST_REQUIRE(answered.size() == 1U);
  BOOST_TEST((answered[0].second.why.code == fault_code::none));
  BOOST_TEST(r.next.disk.events.size() == events);
}

BOOST_AUTO_TEST_CASE(an_upgrade_that_nobody_can_make_fails_after_a_while) {
  upgraded_room r;
  r.answers = false;
  r.upgrade("12");
  const auto list = r.pass((room::room_upgrade::repeats_max + 2) * room::room_upgrade::repeat_ms);
  BOOST_TEST((refusal_in(list).code == fault_code::timed_out));
  BOOST_TEST(r.disk.head.succession == "");
  BOOST_TEST(!r.state().contains({"m.room.tombstone", ""}));
}

BOOST_AUTO_TEST_CASE(who_may_not_upgrade_is_refused_before_anything_is_made) {
  upgraded_room r;
  BOOST_TEST((refusal_in(r.upgrade("12", bob)).code == fault_code::forbidden));
  BOOST_TEST((refusal_in(r.upgrade("12", "@cyd:here.example")).code == fault_code::not_member));
  for (const auto* odd : {"7", "org.example.1"})
    BOOST_TEST((refusal_in(r.upgrade(odd)).code == fault_code::unsupported_room_version), odd);
  BOOST_TEST(r.asked == 0U);
}

BOOST_AUTO_TEST_CASE(an_alias_moves_to_the_new_room) {
  upgraded_room r;
  r.change("m.room.canonical_alias", {{"alias", "#lobby:here.example"}});
  r.upgrade("12");
  BOOST_TEST(text(r.next_state("m.room.canonical_alias"), "alias") == "#lobby:here.example");
  BOOST_TEST(text(r.event(r.state().at({"m.room.canonical_alias", ""})), "alias") == "");
}

// -- by somebody of another server

namespace {

struct followed_room : shared_room {
  std::string successor = "!next:there.example";

  explicit followed_room(const std::string& version = "11") : shared_room(version) {
    auto content = event(state().at({"m.room.power_levels", ""}))->content();
    content.find("users")->as_object()->set(eve, 100);
    content.find("events")->as_object()->set("m.room.tombstone", 50);
    push({made(ann, "m.room.power_levels", std::move(content), "")}, "here.example");
  }
  effects replaced(const std::string& by = eve) {
    return push({made(by, "m.room.tombstone", {{"body", "gone"}, {"replacement_room", successor}}, "")});
  }
  effects end(const std::string& user, fault why = {}) {
    return on(successor_joined{successor, user, "11", std::move(why)});
  }
  static std::vector<std::string> asked_for(const effects& list) {
    std::vector<std::string> users;
    for (const auto& [to, m] : told<join_request>(list)) users.push_back(m.user_id);
    return users;
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(our_users_follow_one_first_and_then_the_others) {
  followed_room r;
  auto list = r.replaced();
  auto wanted = told<join_request>(list);
  BOOST_REQUIRE(wanted.size() == 1U);
  BOOST_TEST(wanted[0].first.key == r.successor);
  BOOST_TEST(wanted[0].second.user_id == ann);
  BOOST_TEST(wanted[0].second.predecessor == r.room_id);
  BOOST_TEST((wanted[0].second.type == chat::room_type::channel));
  BOOST_TEST(wanted[0].second.via.at(0) == "there.example");
  BOOST_TEST(notified<chat::room_upgraded>(list).empty()); // nobody is there yet
  list = r.end(ann);
  const auto upgrades = notified<chat::room_upgraded>(list);
  BOOST_REQUIRE(upgrades.size() == 1U);
  BOOST_TEST(upgrades[0].room == "chat-1");
  BOOST_TEST(upgrades[0].by == eve);
  BOOST_TEST(upgrades[0].matrix_room_id == r.successor);
  BOOST_TEST(r.asked_for(list) == std::vector{bob}, boost::test_tools::per_element());
  BOOST_TEST(r.disk.head.successor == r.successor);
  BOOST_TEST(r.disk.head.succession != "");
  BOOST_TEST(notified<chat::room_upgraded>(r.end(bob)).empty());
  BOOST_TEST(r.disk.head.succession == "");
  // A room goes on once.
  r.successor = "!other:there.example";
  BOOST_TEST(r.asked_for(r.replaced()).empty());
}

BOOST_AUTO_TEST_CASE(a_room_that_does_not_name_this_one_is_not_followed) {
  followed_room r;
  r.replaced();
  const auto list = r.end(ann, {fault_code::conflict, "it does not"});
  BOOST_TEST(notified<chat::room_upgraded>(list).empty());
  BOOST_TEST(r.asked_for(list).empty());
  BOOST_TEST(r.disk.head.succession == "");
  BOOST_TEST(r.disk.head.chat_room_id == "chat-1");
  // Whoever mends it is followed.
  r.successor = "!right:there.example";
  BOOST_TEST(r.asked_for(r.replaced()) == std::vector{ann}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_join_that_fails_is_repeated_also_after_a_restart) {
  followed_room r;
  r.replaced();
  auto list = r.end(ann, {fault_code::peer_unreachable, "there.example"});
  BOOST_TEST(r.asked_for(list) == std::vector{bob}, boost::test_tools::per_element()); // perhaps they are let in
  list = r.end(bob, {fault_code::forbidden, "not invited"});
  BOOST_TEST(r.asked_for(list).empty());
  list = r.pass(room::successor_following::pause_ms_min + 1);
  BOOST_TEST(r.asked_for(list).size() == 1U);
  list = r.restart();
  BOOST_TEST(r.asked_for(list) == std::vector{ann}, boost::test_tools::per_element());
  BOOST_TEST(notified<chat::room_upgraded>(r.end(ann)).size() == 1U);
}

BOOST_AUTO_TEST_CASE(it_is_given_up_after_a_week) {
  followed_room r;
  r.replaced();
  for (int round = 0; round < 400 && !r.disk.head.succession.empty(); ++round) {
    for (const auto& user : {ann, bob}) r.end(user, {fault_code::forbidden, "not invited"});
    if (!r.disk.head.succession.empty()) r.pass(room::successor_following::pause_ms_max + 1);
  }
  BOOST_TEST(r.disk.head.succession == "");
  BOOST_TEST(r.disk.head.chat_room_id == "chat-1");
}

BOOST_AUTO_TEST_CASE(who_has_no_power_replaces_nothing) {
  followed_room r;
  BOOST_TEST(r.asked_for(r.replaced(eli)).empty());
  for (const auto& odd : {std::string{}, std::string{"next"}, r.room_id}) {
    r.successor = odd;
    BOOST_TEST(r.asked_for(r.replaced()).empty(), odd);
  }
}

BOOST_AUTO_TEST_CASE(a_join_of_a_room_says_from_which_it_goes_on) {
  upgraded_room r;
  r.upgrade("12");
  const auto joins = [&](const std::string& predecessor) {
    join_request w;
    w.user_id = bob; // who is in it already
    w.predecessor = predecessor;
    const auto list = r.next.on(w);
    return told<successor_joined>(list).at(0);
  };
  const auto right = joins(r.room_id);
  BOOST_TEST(right.first.key == r.room_id);
  BOOST_TEST((right.second.why.code == fault_code::none));
  BOOST_TEST(right.second.room_version == "12");
  BOOST_TEST((joins("!another:there.example").second.why.code == fault_code::conflict));
}

BOOST_AUTO_TEST_CASE(a_room_of_another_server_that_goes_on_from_none_is_not_joined_as_a_successor) {
  shared_room resident{"11", false};
  joining_server j{resident};
  join_request w;
  w.user_id = eve;
  w.via = {"here.example"};
  w.predecessor = "!old:here.example";
  const auto list = j.on(w);
  const auto ended = told<successor_joined>(list);
  BOOST_REQUIRE(ended.size() == 1U);
  BOOST_TEST((ended[0].second.why.code == fault_code::conflict));
  BOOST_TEST(notified<chat::room_created>(list).empty());
  BOOST_TEST(!j.disk.known);
}

BOOST_AUTO_TEST_SUITE_END()

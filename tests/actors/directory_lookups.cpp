#include "actors/directory/directory_machine.hpp"
#include "actors/directory/user_profiles.hpp"

#include "messages/chat/codec.hpp"
#include "messages/edge/packing.hpp"
#include "messages/limits.hpp"
#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace causeway;
using namespace causeway::test;
using directory::directory_machine;

BOOST_AUTO_TEST_SUITE(directory_lookups)

namespace {

/// The directory of here.example, which knows ann and the room chat-1, as the chat server asks it.
struct lookup_rig {
  context node = here();
  std::unique_ptr<directory_machine> machine;
  time_ms now = noon;

  lookup_rig() {
    machine = std::make_unique<directory_machine>(node, std::string(32, 's'));
    store::directory_loaded stored;
    stored.users = {{"@ann:here.example", "ann", "Ann", {}}};
    stored.rooms.push_back({"!r:there.example", "chat-1", "11", store::room_phase::joined, false, {}});
    const auto asked = of_kind<ask_store>(machine->on(start{}, now)).at(0).asked;
    machine->on(store_says(asked, std::move(stored)), now);
  }
  effects on(const message& m) { return machine->on(m, now); }
  effects command(chat::command x) {
    return on(command_received{{"s", "c1", 0}, std::make_shared<const chat::command>(std::move(x))});
  }
  /// The answer to a question of another server, by the token of what was asked.
  effects answer(token asked, int status, std::string body, std::string errcode = {}, fault why = {}) {
    peer_answer a;
    a.asked = asked;
    a.server_name = "there.example";
    a.status = status;
    a.body = std::move(body);
    a.errcode = std::move(errcode);
    a.why = std::move(why);
    return on(a);
  }
};

/// What a command was answered with.
template <class Answer>
Answer result_in(const effects& from) {
  const auto done = told<command_done>(from);
  BOOST_REQUIRE(done.size() == 1u);
  BOOST_TEST_REQUIRE(done[0].second.succeeded, to_string(chat::decode_fault(done[0].second.body)));
  const auto x = edge::unpack<Answer>(done[0].second.body, fault_code::bad_body);
  BOOST_REQUIRE(x);
  return *x;
}

fault refusal_in(const effects& from) {
  const auto done = told<command_done>(from);
  BOOST_REQUIRE(done.size() == 1u);
  BOOST_REQUIRE(!done[0].second.succeeded);
  return chat::decode_fault(done[0].second.body);
}

peer_request request_in(const effects& from) {
  const auto asked = told<peer_request>(from);
  BOOST_REQUIRE(asked.size() == 1u);
  return asked[0].second;
}

chat::query_public_rooms rooms_of(std::string server, std::optional<std::string> search = {},
                                  std::optional<std::string> after = {}) {
  return {std::move(server), std::move(search), 2, std::move(after)};
}

constexpr const char* two_rooms =
  R"({"chunk":[{"room_id":"!r:there.example","name":"Lobby","topic":"t","canonical_alias":"#lobby:there.example",)"
  R"("avatar_url":"mxc://there.example/1","num_joined_members":7,"world_readable":true,"join_rule":"public"},)"
  R"({"room_id":"!q:there.example","num_joined_members":1}],"next_batch":"more","total_room_count_estimate":9})";

} // namespace

// -- query.public_rooms

BOOST_FIXTURE_TEST_CASE(public_rooms_of_another_server_are_asked_for_and_shown, lookup_rig) {
  const auto asked = command(rooms_of("there.example", {}, "place"));
  BOOST_TEST(told<peer_request>(asked).at(0).first.key == "there.example");
  const auto r = request_in(asked);
  BOOST_TEST((r.endpoint == matrix::endpoint::public_rooms));
  BOOST_TEST((r.query == std::vector<std::pair<std::string, std::string>>{{"limit", "2"}, {"since", "place"}}));
  BOOST_TEST(r.body.empty());
  const auto page = result_in<chat::public_rooms_answer>(answer(r.asked, 200, two_rooms));
  BOOST_TEST(page.server == "there.example");
  BOOST_TEST(page.next.value() == "more");
  BOOST_TEST(page.total.value() == 9u);
  BOOST_REQUIRE(page.rooms.size() == 2u);
  const auto& x = page.rooms[0];
  BOOST_TEST(x.room == "chat-1"); // one of ours has joined it before
  BOOST_TEST(x.matrix_room_id == "!r:there.example");
  BOOST_TEST(x.room_name.value() == "Lobby");
  BOOST_TEST(x.alias.value() == "#lobby:there.example");
  BOOST_TEST(x.avatar.value() == "mxc://there.example/1");
  BOOST_TEST(x.members == 7u);
  BOOST_TEST(x.world_readable.value());
  BOOST_TEST(page.rooms[1].room.empty());
  BOOST_TEST(!page.rooms[1].room_name);
}

BOOST_FIXTURE_TEST_CASE(words_are_looked_for_by_the_other_server, lookup_rig) {
  const auto r = request_in(command(rooms_of("there.example", "cats \"and\" dogs", "place")));
  BOOST_TEST((r.endpoint == matrix::endpoint::public_rooms_filtered));
  BOOST_TEST(r.query.empty());
  BOOST_TEST(r.body == R"({"filter":{"generic_search_term":"cats \"and\" dogs"},"limit":2,"since":"place"})");
}

BOOST_FIXTURE_TEST_CASE(a_hostile_directory_spoils_no_answer, lookup_rig) {
  std::string chunk = R"({"room_id":"no id"},7,null,{"name":"no room"},)"
                      R"({"room_id":"!x:there.example","name":7,"topic":")" +
                      std::string(100'000, 't') +
                      R"(","canonical_alias":"no alias","avatar_url":"https://evil.example/x",)"
                      R"("num_joined_members":-5})";
  for (int i = 0; i < 300; ++i)
    chunk +=
      R"(,{"room_id":"!r)" + std::to_string(i) + R"(:there.example","name":")" + std::string(20'000, 'n') + R"("})";
  const auto r = request_in(command(rooms_of("there.example")));
  const auto page = result_in<chat::public_rooms_answer>(
    answer(r.asked, 200, R"({"chunk":[)" + chunk + R"(],"next_batch":")" + std::string(5'000, 'x') + "\"}"));
  BOOST_TEST(page.rooms.size() == chat::listed_public_rooms_max);
  const auto& x = page.rooms[0];
  BOOST_TEST(x.matrix_room_id == "!x:there.example");
  BOOST_TEST(!x.room_name);
  BOOST_TEST(x.topic.value().size() == 4'000u);
  BOOST_TEST(!x.alias);
  BOOST_TEST(!x.avatar);
  BOOST_TEST(x.members == 0u);
  BOOST_TEST(page.rooms[1].room_name.value().size() == 1'000u);
  BOOST_TEST(!page.next);
  BOOST_TEST(!page.total);
  BOOST_TEST(chat::encode(chat::answer{page}).size() < limits::chat_frame_bytes_max / 2);
}

BOOST_FIXTURE_TEST_CASE(why_a_directory_is_not_shown_is_told, lookup_rig) {
  const auto asked = [&] { return request_in(command(rooms_of("there.example"))).asked; };
  const fault closed{fault_code::peer_refused, "there.example answered 403 M_FORBIDDEN closed"};
  BOOST_TEST((refusal_in(answer(asked(), 403, "{}", "M_FORBIDDEN", closed)).code == fault_code::forbidden));
  BOOST_TEST((refusal_in(answer(asked(), 400, "{}", "M_INVALID_PARAM", closed)).code == fault_code::invalid_param));
  const fault away{fault_code::peer_unreachable, "there.example"};
  BOOST_TEST((refusal_in(answer(asked(), 0, {}, {}, away)) == away));
  BOOST_TEST((refusal_in(answer(asked(), 200, "[]")).code == fault_code::peer_bad_answer));
  BOOST_TEST((refusal_in(command(rooms_of("no server"))).code == fault_code::invalid_identifier));
}

BOOST_FIXTURE_TEST_CASE(a_directory_nobody_answers_for_is_given_up, lookup_rig) {
  const auto began = command(rooms_of("there.example"));
  const auto due = timer_at(began, directory::lookups::timer);
  BOOST_TEST(due > now);
  now = due - 1;
  BOOST_TEST(told<command_done>(on(timer_due{directory::lookups::timer})).empty());
  now = due;
  BOOST_TEST((refusal_in(on(timer_due{directory::lookups::timer})).code == fault_code::peer_timeout));
  BOOST_TEST(told<command_done>(answer(request_in(began).asked, 200, two_rooms)).empty());
}

BOOST_FIXTURE_TEST_CASE(directories_asked_for_at_once_are_bounded, lookup_rig) {
  for (std::size_t i = 0; i < directory::remote_directories::questions_max; ++i)
    BOOST_TEST(told<peer_request>(command(rooms_of("there.example"))).size() == 1u);
  BOOST_TEST((refusal_in(command(rooms_of("there.example"))).code == fault_code::overloaded));
}

BOOST_FIXTURE_TEST_CASE(our_own_directory_is_shown_page_by_page_also_where_it_is_closed_to_others, lookup_rig) {
  change(node).federation.public_directory = false;
  for (int i = 1; i <= 3; ++i)
    on(room_listed{"!p" + std::to_string(i) + ":here.example",
                   R"({"room":{"num_joined_members":)" + std::to_string(i) + R"(,"room_id":"!p)" + std::to_string(i) +
                     R"(:here.example","name":"Cats )" + std::to_string(i) + "\"}}"});
  const auto first = result_in<chat::public_rooms_answer>(command(chat::query_public_rooms{{}, "cats", 2, {}}));
  BOOST_TEST(first.server == "here.example");
  BOOST_REQUIRE(first.rooms.size() == 2u);
  BOOST_TEST(first.rooms[0].matrix_room_id == "!p3:here.example");
  const auto rest =
    result_in<chat::public_rooms_answer>(command(chat::query_public_rooms{"here.example", "cats", 2, first.next}));
  BOOST_REQUIRE(rest.rooms.size() == 1u);
  BOOST_TEST(rest.rooms[0].matrix_room_id == "!p1:here.example");
  BOOST_TEST(!rest.next);
  BOOST_TEST(rest.total.value() == 3u);
  BOOST_TEST((refusal_in(command(chat::query_public_rooms{{}, {}, 2, "no place"})).code == fault_code::invalid_param));
}

// -- query.verify_users

namespace {

std::map<std::string, token> profiles_asked(const effects& from) {
  std::map<std::string, token> out;
  for (const auto& [to, r] : told<peer_request>(from)) {
    BOOST_TEST((r.endpoint == matrix::endpoint::query_profile));
    out.emplace(r.query.at(0).second, r.asked);
  }
  return out;
}

std::string states(const chat::verify_users_answer& x) {
  std::string out;
  for (const auto& u : x.users) out += u.user + " " + u.state + (u.fault ? " " + *u.fault : "") + "\n";
  return out;
}

} // namespace

BOOST_FIXTURE_TEST_CASE(users_are_verified_by_their_servers_and_one_that_is_away_spoils_nobody, lookup_rig) {
  const auto began = command(chat::query_verify_users{
    {"@bob:there.example", "@no:there.example", "@hid:there.example", "@far:away.example", "ann", "nobody", "b@d"}});
  BOOST_TEST(told<command_done>(began).empty());
  const auto asked = profiles_asked(began);
  BOOST_TEST(asked.size() == 4u);
  answer(asked.at("@bob:there.example"), 200, "{}");
  answer(asked.at("@no:there.example"), 404, "{}", "M_NOT_FOUND", {fault_code::peer_refused, "404"});
  answer(asked.at("@hid:there.example"), 403, "{}", "M_FORBIDDEN", {fault_code::peer_refused, "403"});
  const auto done = result_in<chat::verify_users_answer>(
    answer(asked.at("@far:away.example"), 0, {}, {}, {fault_code::peer_timeout, "away.example"}));
  BOOST_TEST(states(done) == "@bob:there.example verified\n@no:there.example unverified\n"
                             "@hid:there.example unable_to_verify peer_refused\n"
                             "@far:away.example unable_to_verify peer_timeout\nann verified\nnobody unverified\n"
                             "b@d unable_to_verify invalid_identifier\n");
  BOOST_TEST(done.users[3].reason.value() == "away.example");
}

BOOST_FIXTURE_TEST_CASE(a_page_that_is_no_matrix_error_does_not_say_that_there_is_no_such_user, lookup_rig) {
  const auto asked = profiles_asked(command(chat::query_verify_users{{"@bob:there.example", "@eve:there.example"}}));
  answer(asked.at("@bob:there.example"), 404, "<html>", {}, {fault_code::peer_bad_answer, "404"});
  const auto done = result_in<chat::verify_users_answer>(
    answer(asked.at("@eve:there.example"), 404, "{}", "M_UNRECOGNIZED", {fault_code::peer_refused, "404"}));
  BOOST_TEST(states(done) == "@bob:there.example unable_to_verify peer_bad_answer\n"
                             "@eve:there.example unable_to_verify peer_refused\n");
}

BOOST_FIXTURE_TEST_CASE(a_user_is_asked_for_once_at_a_time_and_the_answer_is_kept_for_a_while, lookup_rig) {
  const chat::query_verify_users bob{{"@bob:there.example"}};
  const auto asked = profiles_asked(command(bob));
  BOOST_TEST(told<peer_request>(command(bob)).empty());
  const auto done = answer(asked.begin()->second, 404, "{}", "M_NOT_FOUND", {fault_code::peer_refused, "404"});
  BOOST_TEST(told<command_done>(done).size() == 2u);
  now += directory::user_checks::kept_ms - 1;
  BOOST_TEST(states(result_in<chat::verify_users_answer>(command(bob))) == "@bob:there.example unverified\n");
  now += 1;
  BOOST_TEST(told<peer_request>(command(bob)).size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(what_could_not_be_found_out_is_not_kept, lookup_rig) {
  const chat::query_verify_users bob{{"@bob:there.example"}};
  answer(profiles_asked(command(bob)).begin()->second, 0, {}, {}, {fault_code::peer_unreachable, "there.example"});
  BOOST_TEST(told<peer_request>(command(bob)).size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(an_answer_that_does_not_come_is_not_waited_for, lookup_rig) {
  const auto began = command(chat::query_verify_users{{"@bob:there.example", "@eve:there.example"}});
  const auto asked = profiles_asked(began);
  answer(asked.at("@bob:there.example"), 200, "{}");
  now = timer_at(began, directory::lookups::timer);
  const auto done = result_in<chat::verify_users_answer>(on(timer_due{directory::lookups::timer}));
  BOOST_TEST(states(done) == "@bob:there.example verified\n@eve:there.example unable_to_verify peer_timeout\n");
  BOOST_TEST(told<command_done>(answer(asked.at("@eve:there.example"), 200, "{}")).empty());
}

BOOST_FIXTURE_TEST_CASE(users_asked_for_at_once_are_bounded, lookup_rig) {
  std::size_t open = 0;
  for (int n = 0; open + 100 <= directory::user_checks::asked_max; ++n, open += 100) {
    chat::query_verify_users many;
    for (int i = 0; i < 100; ++i)
      many.users.push_back("@u" + std::to_string(i) + ":s" + std::to_string(n) + ".example");
    BOOST_TEST(told<peer_request>(command(many)).size() == 100u);
  }
  BOOST_TEST((refusal_in(command(chat::query_verify_users{{"@one:more.example"}})).code == fault_code::overloaded));
}

// -- query.profile

namespace {

chat::query_profile profile_of(std::string user, std::optional<std::string> field = {}) {
  return {std::move(user), std::move(field)};
}

std::string shown(const chat::profile_answer& x) {
  auto out = x.user + " name " + x.display_name.value_or("-") + " avatar " + x.avatar.value_or("-");
  if (x.further)
    for (const auto& [name, value] : *x.further) out += " " + name + "=" + value;
  return out;
}

} // namespace

BOOST_FIXTURE_TEST_CASE(all_that_a_user_of_another_server_shows_is_told, lookup_rig) {
  const auto asked = command(profile_of("@bob:there.example"));
  BOOST_TEST(told<peer_request>(asked).at(0).first.key == "there.example");
  const auto r = request_in(asked);
  BOOST_TEST((r.endpoint == matrix::endpoint::query_profile));
  BOOST_TEST((r.query == std::vector<std::pair<std::string, std::string>>{{"user_id", "@bob:there.example"}}));
  const auto done = answer(r.asked, 200,
                           R"({"displayname":"Bob","avatar_url":"mxc://there.example/1","m.tz":"Europe/Berlin",)"
                           R"("org.example.height":1.75,"org.example.links":[{"a":1}],"gone":null})");
  BOOST_TEST(shown(result_in<chat::profile_answer>(done)) ==
             "@bob:there.example name Bob avatar mxc://there.example/1 m.tz=\"Europe/Berlin\" "
             "org.example.height=1.75 org.example.links=[{\"a\":1}]");
}

BOOST_FIXTURE_TEST_CASE(one_field_of_a_profile_is_asked_for_and_no_other_told, lookup_rig) {
  const auto r = request_in(command(profile_of("@bob:there.example", "m.tz")));
  BOOST_TEST((r.query ==
              std::vector<std::pair<std::string, std::string>>{{"user_id", "@bob:there.example"}, {"field", "m.tz"}}));
  const auto all = R"({"displayname":"Bob","m.tz":"Europe/Berlin","other":1})"; // by a server that knows no such field
  BOOST_TEST(shown(result_in<chat::profile_answer>(answer(r.asked, 200, all))) ==
             "@bob:there.example name - avatar - m.tz=\"Europe/Berlin\"");
  const auto unset = request_in(command(profile_of("@bob:there.example", "m.tz"))).asked;
  BOOST_TEST(!result_in<chat::profile_answer>(answer(unset, 200, R"({"m.tz":null})")).further);
}

BOOST_FIXTURE_TEST_CASE(why_a_profile_is_not_shown_is_told, lookup_rig) {
  const auto asked = [&](std::optional<std::string> field = {}) {
    return request_in(command(profile_of("@bob:there.example", std::move(field)))).asked;
  };
  const fault refused{fault_code::peer_refused, "there.example answered 403 M_FORBIDDEN closed"};
  BOOST_TEST((refusal_in(answer(asked(), 404, "{}", "M_NOT_FOUND", refused)).code == fault_code::not_found));
  const auto no_field = refusal_in(answer(asked("m.tz"), 404, "{}", "M_NOT_FOUND", refused));
  BOOST_TEST((no_field.code == fault_code::not_found));
  BOOST_TEST(no_field.detail.find("field") != std::string::npos);
  BOOST_TEST((refusal_in(answer(asked(), 404, "{}", "M_UNRECOGNIZED", refused)) == refused));
  BOOST_TEST((refusal_in(answer(asked(), 403, "{}", "M_FORBIDDEN", refused)).code == fault_code::forbidden));
  // What no homeserver has said of the user decides nothing.
  const fault proxy{fault_code::peer_bad_answer, "there.example answered 403"};
  BOOST_TEST((refusal_in(answer(asked(), 403, "<html>", {}, proxy)) == proxy));
  BOOST_TEST((refusal_in(answer(asked(), 401, "{}", "M_UNAUTHORIZED", refused)) == refused));
  const fault away{fault_code::peer_unreachable, "there.example"};
  BOOST_TEST((refusal_in(answer(asked(), 0, {}, {}, away)) == away));
  BOOST_TEST((refusal_in(answer(asked(), 200, "[]")).code == fault_code::peer_bad_answer));
  BOOST_TEST((refusal_in(command(profile_of("b@d"))).code == fault_code::invalid_identifier));
  BOOST_TEST((refusal_in(command(profile_of("nobody"))).code == fault_code::not_found));
}

BOOST_FIXTURE_TEST_CASE(a_hostile_profile_is_cut_and_one_over_the_bounds_refused, lookup_rig) {
  const auto told = [&](const std::string& body) {
    return answer(request_in(command(profile_of("@bob:there.example"))).asked, 200, body);
  };
  const auto x = result_in<chat::profile_answer>(told(R"({"displayname":")" + std::string(100'000, 'n') +
                                                      R"(","avatar_url":"https://evil.example/x","":1,")" +
                                                      std::string(300, 'k') + R"(":2})"));
  BOOST_TEST(x.display_name.value().size() == chat::short_text_bytes_max);
  BOOST_TEST(!x.avatar);
  BOOST_TEST(!x.further);
  std::string many = "{";
  for (std::size_t i = 0; i <= chat::profile_fields_max; ++i)
    many += (i == 0 ? "\"f" : ",\"f") + std::to_string(i) + "\":1";
  BOOST_TEST((refusal_in(told(many + "}")).code == fault_code::too_large));
  const auto long_one = R"({"m.long":")" + std::string(chat::profile_bytes_max, 'x') + R"(","m.tz":"UTC"})";
  BOOST_TEST((refusal_in(told(long_one)).code == fault_code::too_large));
  const auto r = request_in(command(profile_of("@bob:there.example", "m.tz")));
  BOOST_TEST(shown(result_in<chat::profile_answer>(answer(r.asked, 200, long_one))) ==
             "@bob:there.example name - avatar - m.tz=\"UTC\"");
}

BOOST_FIXTURE_TEST_CASE(what_one_of_ours_shows_is_told_without_asking_anybody, lookup_rig) {
  chat::user_profile said{"ann", "Ann", "mxc://here.example/1"};
  said.further = std::map<std::string, std::string>{{"m.tz", "\"UTC\""}};
  command(said);
  const auto all = command(profile_of("ann"));
  BOOST_TEST(told<peer_request>(all).empty());
  BOOST_TEST(shown(result_in<chat::profile_answer>(all)) ==
             "@ann:here.example name Ann avatar mxc://here.example/1 m.tz=\"UTC\"");
  BOOST_TEST(shown(result_in<chat::profile_answer>(command(profile_of("@ann:here.example", "displayname")))) ==
             "@ann:here.example name Ann avatar -");
}

BOOST_FIXTURE_TEST_CASE(a_profile_nobody_answers_for_is_given_up, lookup_rig) {
  const auto began = command(profile_of("@bob:there.example"));
  const auto due = timer_at(began, directory::lookups::timer);
  now = due - 1;
  BOOST_TEST(told<command_done>(on(timer_due{directory::lookups::timer})).empty());
  now = due;
  BOOST_TEST((refusal_in(on(timer_due{directory::lookups::timer})).code == fault_code::peer_timeout));
  BOOST_TEST(told<command_done>(answer(request_in(began).asked, 200, "{}")).empty());
}

BOOST_FIXTURE_TEST_CASE(profiles_asked_for_at_once_are_bounded, lookup_rig) {
  for (std::size_t i = 0; i < directory::user_profiles::questions_max; ++i)
    BOOST_TEST(told<peer_request>(command(profile_of("@bob:there.example"))).size() == 1u);
  BOOST_TEST((refusal_in(command(profile_of("@bob:there.example"))).code == fault_code::overloaded));
}

// -- query.servers

namespace {

store::destination_summary failing(const std::string& name) {
  store::destination_summary x;
  x.destination.server_name = name;
  x.destination.failures = 3;
  x.destination.first_failure_ts = noon - 60'000;
  x.destination.retry_at_ts = noon + 5'000;
  x.destination.last_fault = "peer_timeout: " + name;
  x.queued = 4;
  x.oldest_queued_ts = noon - 50'000;
  x.refused = 1;
  return x;
}

std::string names(const chat::servers_answer& x) {
  std::string out;
  for (const auto& s : x.servers) out += s.server + " " + std::to_string(s.rooms) + "\n";
  return out;
}

} // namespace

BOOST_FIXTURE_TEST_CASE(servers_are_those_that_are_owed_something_and_those_that_share_rooms, lookup_rig) {
  on(room_listed{"!a:here.example", R"({"servers":["both.example","shared.example"]})"});
  on(room_listed{"!b:here.example", R"({"servers":["both.example"]})"});
  const auto ask = [&](const std::optional<std::string>& after, std::vector<store::destination_summary> stored) {
    const auto asked = of_kind<ask_store>(command(chat::query_servers{after})).at(0);
    BOOST_TEST(std::get<store::list_destinations>(asked.question).after.value() == after.value_or(""));
    return result_in<chat::servers_answer>(on(store_says(asked.asked, store::destinations_listed{std::move(stored)})));
  };
  const auto all = ask({}, {failing("away.example"), failing("both.example")});
  BOOST_TEST(names(all) == "away.example 0\nboth.example 2\nshared.example 1\n");
  BOOST_TEST(!all.more_servers);
  const auto& away = all.servers[0];
  BOOST_TEST(!away.reachable);
  BOOST_TEST(away.failing_since_ts.value() == noon - 60'000);
  BOOST_TEST(away.retry_at_ts.value() == noon + 5'000);
  BOOST_TEST(away.last_fault.value() == "peer_timeout: away.example");
  BOOST_TEST(away.queued == 4u);
  BOOST_TEST(away.refused == 1u);
  BOOST_TEST(all.servers[2].reachable);
  BOOST_TEST(!all.servers[2].failing_since_ts);
  BOOST_TEST(names(ask("both.example", {})) == "shared.example 1\n");
  on(room_listed{"!a:here.example", {}}); // none of ours is in it any more
  BOOST_TEST(names(ask({}, {})) == "both.example 1\n");
}

BOOST_FIXTURE_TEST_CASE(servers_come_in_pages_that_miss_none, lookup_rig) {
  std::vector<store::destination_summary> stored;
  std::string servers;
  for (int i = 100; i < 250; ++i) {
    if (i % 2 == 0) stored.push_back(failing("s" + std::to_string(i) + ".example"));
    else servers += (servers.empty() ? "\"s" : ",\"s") + std::to_string(i) + ".example\"";
  }
  on(room_listed{"!a:here.example", R"({"servers":[)" + servers + "]}"});
  std::set<std::string> seen;
  std::optional<std::string> after;
  for (int page = 0; page < 2; ++page) {
    const auto asked = of_kind<ask_store>(command(chat::query_servers{after})).at(0).asked;
    store::destinations_listed found;
    for (const auto& x : stored)
      if (x.destination.server_name > after.value_or("")) found.destinations.push_back(x);
    const auto shown = result_in<chat::servers_answer>(on(store_says(asked, std::move(found))));
    BOOST_TEST(shown.more_servers == (page == 0));
    for (const auto& s : shown.servers) BOOST_TEST(seen.insert(s.server).second);
    after = shown.servers.back().server;
  }
  BOOST_TEST(seen.size() == 150u);
}

BOOST_FIXTURE_TEST_CASE(servers_that_cannot_be_read_are_no_empty_list, lookup_rig) {
  const auto asked = of_kind<ask_store>(command(chat::query_servers{})).at(0).asked;
  const auto refused = refusal_in(on(store_says(asked, fault{fault_code::store_failed, "disk"})));
  BOOST_TEST((refused.code == fault_code::store_failed));
}

// -- dead letters

namespace {

store::dead_letters_listed::letter letter_at(std::int64_t cursor) {
  return {{0, cursor}, "message.received", "why", 70, noon, "!r:there.example", "$e"};
}

} // namespace

BOOST_FIXTURE_TEST_CASE(dead_letters_are_listed_page_by_page, lookup_rig) {
  const auto asked = of_kind<ask_store>(command(chat::query_dead_letters{"0-3"})).at(0);
  const auto& q = std::get<store::list_dead_letters>(asked.question);
  BOOST_TEST((q.after == store::dead_letter_place{0, 3}));
  BOOST_TEST(q.limit == chat::listed_dead_letters_max);
  const auto page = result_in<chat::dead_letters_answer>(
    on(store_says(asked.asked, store::dead_letters_listed{{letter_at(7), letter_at(9)}, true})));
  BOOST_REQUIRE(page.dead_letters.size() == 2u);
  BOOST_TEST(page.more_dead_letters);
  BOOST_TEST(page.dead_letters[1].id == "0-9");
  BOOST_TEST(page.dead_letters[0].event == "message.received");
  BOOST_TEST(page.dead_letters[0].reason == "why");
  BOOST_TEST(page.dead_letters[0].matrix_room_id.value() == "!r:there.example");
  BOOST_TEST((refusal_in(command(chat::query_dead_letters{"3"})).code == fault_code::invalid_param));
}

BOOST_FIXTURE_TEST_CASE(a_dead_letter_is_brought_again_or_dropped_where_it_is_there, lookup_rig) {
  const auto retry = of_kind<ask_store>(command(chat::dead_letter_retry{"0-7"})).at(0);
  BOOST_TEST((std::get<store::list_dead_letters>(retry.question).after == store::dead_letter_place{0, 6}));
  const auto done = on(store_says(retry.asked, store::dead_letters_listed{{letter_at(7)}, true}));
  const auto again = written<store::retry_dead_letter>(done);
  BOOST_REQUIRE(again.size() == 1u);
  BOOST_TEST(again[0].cursor == 7);
  result_in<chat::empty_answer>(done);
  BOOST_TEST(written<store::put_command_result>(done).size() == 1u); // a repetition does not bring it twice

  const auto drop = of_kind<ask_store>(command(chat::dead_letter_drop{"0-9"})).at(0).asked;
  BOOST_TEST(written<store::drop_dead_letter>(on(store_says(drop, store::dead_letters_listed{{letter_at(9)}, false})))
               .at(0)
               .cursor == 9);
  const auto gone = of_kind<ask_store>(command(chat::dead_letter_retry{"0-8"})).at(0).asked;
  const auto refused = on(store_says(gone, store::dead_letters_listed{{letter_at(9)}, false}));
  BOOST_TEST((refusal_in(refused).code == fault_code::not_found));
  BOOST_TEST(written<store::retry_dead_letter>(refused).empty());
  BOOST_TEST((refusal_in(command(chat::dead_letter_drop{"x"})).code == fault_code::not_found));
}

BOOST_AUTO_TEST_SUITE_END()

#include "actors/directory/directory_machine.hpp"

#include "messages/matrix/key_documents.hpp"
#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>

using namespace causeway;
using namespace causeway::test;
using directory::directory_machine;
using matrix::json::array;
using matrix::json::object;
using matrix::json::value;

BOOST_AUTO_TEST_SUITE(directory_machine_federation)

namespace {

/// The directory of here.example; knows @ann.
struct rig {
  context node = here();
  std::unique_ptr<directory_machine> machine;
  time_ms now = noon;

  rig() { begin(); }
  void begin(store::directory_loaded stored = {}) {
    machine = std::make_unique<directory_machine>(node, std::string(32, 's'));
    stored.users.push_back({"@ann:here.example", "ann", "Ann", "mxc://here.example/a"});
    const auto asked = of_kind<ask_store>(machine->on(start{}, now)).at(0).asked;
    machine->on(store_says(asked, std::move(stored)), now);
  }
  effects on(const message& m) { return machine->on(m, now); }
  effects ask(const std::string& method, const std::string& target, const std::string& body = {},
              const std::string& origin = "there.example") {
    federation_call call;
    call.gateway = "g";
    call.id = 7;
    call.origin = origin;
    call.match = std::make_shared<const matrix::endpoint_match>(*matrix::match_endpoint(method, target));
    if (!body.empty()) call.body = std::make_shared<const value>(*matrix::json::parse(body));
    return on(call);
  }
  std::pair<int, value> answer(const effects& from) {
    const auto r = told<federation_reply>(from).at(0).second;
    BOOST_TEST(r.id == 7u);
    return {r.status, *matrix::json::parse(r.body)};
  }
  std::pair<int, value> get(const std::string& target) { return answer(ask("GET", target)); }
  std::pair<int, value> post(const std::string& target, const std::string& body) {
    return answer(ask("POST", target, body));
  }

  /// ann creates a channel.
  effects make_with_alias(const std::string& name, const std::string& alias) {
    chat::room_create x;
    x.room = name;
    x.type = chat::room_type::channel;
    x.creator = "ann";
    x.alias = alias;
    return on(command_received{{"chat", name, 1}, std::make_shared<const chat::command>(x)});
  }
  void list(const std::string& room, int members, const std::string& more = {}, const std::string& aliases = "[]") {
    on(room_listed{room, R"({"aliases":)" + aliases + R"(,"room":{"num_joined_members":)" + std::to_string(members) +
                           R"(,"room_id":")" + room + "\"" + more + "}}"});
  }
};

std::string errcode(const value& v) { return v.find_string("errcode") ? *v.find_string("errcode") : ""; }
std::string rooms(const value& v) {
  std::string out;
  for (const auto& r : *v.find_array("chunk")) out += *r.find_string("room_id") + " ";
  return out;
}

constexpr const char* fed = "/_matrix/federation/v1/";
std::string at(const std::string& path) { return fed + path; }

} // namespace

BOOST_AUTO_TEST_CASE(profile_is_told_whole_or_by_field) {
  rig r;
  BOOST_TEST(matrix::json::canonical(r.get(at("query/profile?user_id=%40ann%3Ahere.example")).second) ==
             R"({"avatar_url":"mxc://here.example/a","displayname":"Ann"})");
  BOOST_TEST(
    matrix::json::canonical(r.get(at("query/profile?user_id=%40ann%3Ahere.example&field=displayname")).second) ==
    R"({"displayname":"Ann"})");
  BOOST_TEST(matrix::json::canonical(r.get(at("query/profile?user_id=%40ann%3Ahere.example&field=m.tz")).second) ==
             "{}");
  BOOST_TEST(r.get(at("query/profile?user_id=%40bob%3Ahere.example")).first == 404);
  BOOST_TEST(errcode(r.get(at("query/profile?user_id=bob")).second) == "M_INVALID_PARAM");
  BOOST_TEST(errcode(r.get(at("query/profile")).second) == "M_MISSING_PARAM");
}

// -- profiles_need_shared_room

struct closed_rig : rig {
  closed_rig() {
    change(node).federation.profiles_need_shared_room = true;
    begin();
  }
  /// The rooms that are asked, with the question.
  static std::vector<std::pair<std::string, member_request>> asked(const effects& from) {
    std::vector<std::pair<std::string, member_request>> out;
    for (auto& [to, m] : told<member_request>(from)) out.emplace_back(to.key, m);
    return out;
  }
  std::string ann = at("query/profile?user_id=%40ann%3Ahere.example");
};

BOOST_FIXTURE_TEST_CASE(a_stranger_is_not_told_of_anybody_whether_he_exists_or_not, closed_rig) {
  for (const auto& target : {ann, at("query/profile?user_id=%40nobody%3Ahere.example"),
                             at("user/devices/%40ann%3Ahere.example"), at("user/devices/%40nobody%3Ahere.example")}) {
    auto [status, body] = get(target);
    BOOST_TEST(status == 403, target);
    BOOST_TEST(errcode(body) == "M_FORBIDDEN");
  }
  BOOST_TEST(
    matrix::json::canonical(
      post(at("user/keys/query"), R"({"device_keys":{"@ann:here.example":[],"@nobody:here.example":[]}})").second) ==
    R"({"device_keys":{}})");
  BOOST_TEST(get(at("query/profile?user_id=nonsense")).first == 400);
}

BOOST_FIXTURE_TEST_CASE(a_server_that_shares_a_room_with_a_user_is_told_of_him, closed_rig) {
  on(room_listed{"!a:here.example", R"({"local_members":["@ann:here.example","@bob:here.example"]})"});
  on(room_listed{"!b:here.example", R"({"local_members":["@bob:here.example"]})"});
  auto questions = asked(ask("GET", ann));
  BOOST_REQUIRE(questions.size() == 1U);
  BOOST_TEST(questions[0].first == "!a:here.example");
  BOOST_TEST(questions[0].second.user_id == "@ann:here.example");
  BOOST_TEST(questions[0].second.with_server == "there.example");
  auto [status, body] = answer(on(member_response{questions[0].second.asked, true, true}));
  BOOST_TEST(status == 200);
  BOOST_TEST(*body.find_string("displayname") == "Ann");
  questions = asked(ask("GET", at("user/devices/%40ann%3Ahere.example")));
  BOOST_TEST(answer(on(member_response{questions.at(0).second.asked, true, true})).first == 200);
  questions = asked(ask("GET", ann));
  BOOST_TEST(answer(on(member_response{questions.at(0).second.asked, true, false})).first == 403);
  // She leaves.
  on(room_listed{"!a:here.example", R"({"local_members":["@bob:here.example"]})"});
  BOOST_TEST(get(ann).first == 403);
}

BOOST_FIXTURE_TEST_CASE(rooms_that_sleep_since_the_option_was_set_are_asked, closed_rig) {
  store::directory_loaded stored;
  stored.rooms.push_back(
    {"!old:here.example", "", "11", store::room_phase::joined, false, R"({"aliases":["#x:here.example"]})"});
  stored.rooms.push_back({"!left:here.example", "", "11", store::room_phase::left, false, ""});
  stored.rooms.push_back(
    {"!known:here.example", "", "11", store::room_phase::joined, false, R"({"local_members":["@bob:here.example"]})"});
  begin(std::move(stored));
  const auto questions = asked(ask("GET", ann));
  BOOST_REQUIRE(questions.size() == 1U);
  BOOST_TEST(questions[0].first == "!old:here.example");
  // What it says of itself when it is loaded counts from then on.
  on(room_listed{"!old:here.example", ""});
  BOOST_TEST(answer(on(member_response{questions[0].second.asked, true, false})).first == 403);
  BOOST_TEST(get(ann).first == 403);
}

BOOST_FIXTURE_TEST_CASE(rooms_that_do_not_answer_are_no_refusal, closed_rig) {
  on(room_listed{"!a:here.example", R"({"local_members":["@ann:here.example"]})"});
  const auto out = ask("GET", ann);
  const auto wakes = of_kind<wake_me_at>(out);
  BOOST_REQUIRE(wakes.size() == 1U);
  now = wakes[0].at;
  auto [status, body] = answer(on(timer_due{wakes[0].name}));
  BOOST_TEST(status == 429);
}

BOOST_AUTO_TEST_CASE(users_have_no_devices_and_no_keys) {
  rig r;
  BOOST_TEST(matrix::json::canonical(r.get(at("user/devices/%40ann%3Ahere.example")).second) ==
             R"({"devices":[],"stream_id":1,"user_id":"@ann:here.example"})");
  BOOST_TEST(r.get(at("user/devices/%40bob%3Ahere.example")).first == 404);
  BOOST_TEST(
    matrix::json::canonical(
      r.post(at("user/keys/query"), R"({"device_keys":{"@ann:here.example":[],"@bob:here.example":[]}})").second) ==
    R"({"device_keys":{"@ann:here.example":{}}})");
  BOOST_TEST(
    matrix::json::canonical(
      r.post(at("user/keys/claim"), R"({"one_time_keys":{"@ann:here.example":{"D":"signed_curve25519"}}})").second) ==
    R"({"one_time_keys":{}})");
  BOOST_TEST(errcode(r.post(at("user/keys/query"), "{}").second) == "M_BAD_JSON");
  BOOST_TEST(errcode(r.post(at("user/keys/claim"), "[]").second) == "M_BAD_JSON");
}

BOOST_AUTO_TEST_CASE(invitation_goes_by_way_of_the_room) {
  rig r;
  const auto done = r.ask("PUT", "/_matrix/federation/v2/invite/!r%3Athere.example/$e",
                          R"({"event":{"state_key":"@ann:here.example"}})");
  BOOST_TEST((told<federation_call>(done).at(0).first == address{actor_kind::room, "!r:there.example"}));
}

namespace {

std::string invite_body(const std::string& more = {}) {
  return R"({"room_version":"11","event":{"type":"m.room.member","state_key":"@ann:here.example"})" + more + "}";
}

} // namespace

BOOST_AUTO_TEST_CASE(three_hundred_invitations_of_one_user_in_a_moment_are_twenty_and_the_operator_hears_of_it_once) {
  rig r;
  int passed = 0, refused = 0, told_operator = 0;
  for (int i = 0; i < 300; ++i) {
    // The old form counts like the new.
    const auto done = r.ask("PUT",
                            std::string{i % 2 ? "/_matrix/federation/v2" : "/_matrix/federation/v1"} +
                              "/invite/%21r%3Athere.example/%24e" + std::to_string(i),
                            i % 2 ? invite_body() : R"({"type":"m.room.member","state_key":"@ann:here.example"})");
    passed += told<federation_call>(done).size();
    for (const auto& n : of_kind<note>(done)) told_operator += n.what == "A802 inbound invitations limited";
    for (const auto& [to, reply] : told<federation_reply>(done)) {
      BOOST_TEST(reply.status == 429);
      BOOST_TEST(reply.retry_after_ms > 0u);
      const auto body = *matrix::json::parse(reply.body);
      BOOST_TEST(errcode(body) == "M_LIMIT_EXCEEDED");
      BOOST_TEST(*body.find_integer("retry_after_ms") == reply.retry_after_ms);
      ++refused;
    }
  }
  BOOST_TEST(passed == 20);
  BOOST_TEST(refused == 280);
  BOOST_TEST(told_operator == 1);
  r.now += 60'000;
  BOOST_TEST(
    told<federation_call>(r.ask("PUT", "/_matrix/federation/v2/invite/%21r%3Athere.example/%24late", invite_body()))
      .size() == 1u);
}

BOOST_AUTO_TEST_CASE(invitations_that_come_with_a_room_are_counted_with_those_by_request) {
  rig r;
  const invite_admission_request wanted{
    {actor_kind::invitation, "!r|@ann:here.example"}, 3, "there.example", "@ann:here.example"};
  for (int i = 0; i < 19; ++i) BOOST_TEST(told<invite_admitted>(r.on(wanted)).at(0).second.wait_ms == 0u);
  BOOST_TEST(
    told<federation_call>(r.ask("PUT", "/_matrix/federation/v2/invite/%21r%3Athere.example/%24e", invite_body()))
      .size() == 1u);
  const auto told_later = told<invite_admitted>(r.on(wanted)).at(0);
  BOOST_TEST((told_later.first == wanted.reply_to));
  BOOST_TEST(told_later.second.asked == 3u);
  BOOST_TEST(told_later.second.wait_ms > 0u);
  const auto nobody =
    told<invite_admitted>(r.on(invite_admission_request{wanted.reply_to, 4, "there.example", "@nobody:here.example"}))
      .at(0)
      .second;
  BOOST_TEST(!nobody.is_known);
}

BOOST_AUTO_TEST_CASE(of_a_server_that_tells_a_hundred_kilobytes_of_the_room_the_operator_hears_once) {
  rig r;
  const auto large = invite_body(R"(,"invite_room_state":[{"type":"x","state_key":"","content":{"body":")" +
                                 std::string(100'000, 'x') + R"("}}])");
  int told_operator = 0;
  for (int i = 0; i < 3; ++i)
    for (const auto& n : of_kind<note>(r.ask("PUT", "/_matrix/federation/v2/invite/%21r%3Athere.example/%24e", large)))
      told_operator += n.what.starts_with("A803 ");
  BOOST_TEST(told_operator == 1);
}

BOOST_AUTO_TEST_CASE(of_more_servers_with_large_previews_than_are_remembered_the_oldest_alone_is_told_of_again) {
  rig r;
  const auto large = invite_body(R"(,"invite_room_state":[{"type":"x","state_key":"","content":{"body":")" +
                                 std::string(20'000, 'x') + R"("}}])");
  const auto is_told = [&](const std::string& origin) {
    r.now += 3'600'000; // so that invitations of a user are not too many
    const auto list = r.ask("PUT", "/_matrix/federation/v2/invite/%21r%3Athere.example/%24e", large, origin);
    return std::ranges::any_of(of_kind<note>(list), [](const note& n) { return n.what.starts_with("A803 "); });
  };
  BOOST_TEST(is_told("z.example")); // the oldest, and not the first by its name
  for (std::size_t i = 0; i < directory_machine::large_previews_max; ++i)
    BOOST_REQUIRE(is_told("s" + std::to_string(i) + ".example"));
  BOOST_TEST(!is_told("s0.example"));
  BOOST_TEST(is_told("z.example"));
}

BOOST_AUTO_TEST_CASE(alias_is_answered_by_its_room_and_belongs_to_whoever_came_first) {
  rig r;
  const auto* query = "query/directory?room_alias=%23a%3Ahere.example";
  BOOST_TEST(r.get(at(query)).first == 404);
  r.list("!one:here.example", 2, {}, R"(["#a:here.example"])");
  r.list("!two:here.example", 2, {}, R"(["#a:here.example"])");
  BOOST_TEST(
    (told<federation_call>(r.ask("GET", at(query))).at(0).first == address{actor_kind::room, "!one:here.example"}));
  r.on(room_listed{"!one:here.example", {}}); // gives it up, as a room that goes on as another does
  BOOST_TEST(
    (told<federation_call>(r.ask("GET", at(query))).at(0).first == address{actor_kind::room, "!two:here.example"}));
  r.on(room_listed{"!two:here.example", {}});
  BOOST_TEST(r.get(at(query)).first == 404);
  BOOST_TEST(errcode(r.get(at("query/directory?room_alias=a")).second) == "M_INVALID_PARAM");
  BOOST_TEST(errcode(r.get(at("query/directory")).second) == "M_MISSING_PARAM");
}

BOOST_AUTO_TEST_CASE(alias_of_another_room_is_refused_to_a_new_one) {
  rig r;
  r.list("!one:here.example", 2, {}, R"(["#a:here.example"])");
  const auto done = r.make_with_alias("new", "a");
  BOOST_TEST(!told<command_done>(done).at(0).second.succeeded);
  BOOST_TEST(told<chat_command>(done).empty());
}

BOOST_AUTO_TEST_CASE(of_two_rooms_that_are_made_with_one_alias_at_the_same_time_one_is_refused) {
  rig r;
  BOOST_TEST(told<chat_command>(r.make_with_alias("one", "a")).size() == 1u);
  const auto second = r.make_with_alias("two", "a");
  BOOST_TEST(told<chat_command>(second).empty());
  BOOST_TEST(!told<command_done>(second).at(0).second.succeeded);
}

BOOST_AUTO_TEST_CASE(alias_of_a_new_room_may_be_used_as_soon_as_its_creator_is_answered) {
  rig r;
  const auto made = r.make_with_alias("new", "a");
  const auto room = told<chat_command>(made).at(0).first.key;
  const auto* query = "query/directory?room_alias=%23a%3Ahere.example";
  BOOST_TEST(r.get(at(query)).first == 404);
  r.on(room_named{room, "new", {}}); // its listing comes behind that
  BOOST_TEST((told<federation_call>(r.ask("GET", at(query))).at(0).first == address{actor_kind::room, room}));
  r.list(room, 1, {}, R"(["#a:here.example"])");
  BOOST_TEST((told<federation_call>(r.ask("GET", at(query))).at(0).first == address{actor_kind::room, room}));
  r.on(room_listed{room, {}});
  BOOST_TEST(r.get(at(query)).first == 404);
}

BOOST_AUTO_TEST_CASE(public_rooms_are_paged_both_ways_most_members_first) {
  rig r;
  r.list("!b:here.example", 5);
  r.list("!a:here.example", 5);
  r.list("!c:here.example", 9);
  r.list("!d:here.example", 1);
  const auto first = r.get(at("publicRooms?limit=2")).second;
  BOOST_TEST(rooms(first) == "!c:here.example !a:here.example ");
  BOOST_TEST(*first.find_integer("total_room_count_estimate") == 4);
  BOOST_TEST(!first.find("prev_batch"));
  const auto second =
    r.get(at("publicRooms?limit=2&since=" + matrix::percent_encode(*first.find_string("next_batch")))).second;
  BOOST_TEST(rooms(second) == "!b:here.example !d:here.example ");
  BOOST_TEST(!second.find("next_batch"));
  const auto back =
    r.post(at("publicRooms"), R"({"limit":2,"since":")" + *second.find_string("prev_batch") + "\"}").second;
  BOOST_TEST(rooms(back) == rooms(first));
  BOOST_TEST(!back.find("prev_batch"));
  BOOST_TEST(errcode(r.get(at("publicRooms?since=x")).second) == "M_INVALID_PARAM");
  BOOST_TEST(errcode(r.get(at("publicRooms?limit=x")).second) == "M_INVALID_PARAM");
  BOOST_TEST(errcode(r.post(at("publicRooms"), "[]").second) == "M_BAD_JSON");
}

BOOST_AUTO_TEST_CASE(public_rooms_are_filtered_by_words_and_type) {
  rig r;
  r.list("!cats:here.example", 3, R"(,"name":"All about CATS")");
  r.list("!dogs:here.example", 2, R"(,"topic":"dogs, not cats")");
  r.list("!space:here.example", 1, R"(,"room_type":"m.space")");
  BOOST_TEST(rooms(r.post(at("publicRooms"), R"({"filter":{"generic_search_term":"Cats"}})").second) ==
             "!cats:here.example !dogs:here.example ");
  BOOST_TEST(rooms(r.post(at("publicRooms"), R"({"filter":{"room_types":["m.space"]}})").second) ==
             "!space:here.example ");
  BOOST_TEST(rooms(r.post(at("publicRooms"), R"({"filter":{"room_types":[null]}})").second) ==
             "!cats:here.example !dogs:here.example ");
  BOOST_TEST(rooms(r.post(at("publicRooms"), R"({"filter":{"generic_search_term":"birds"}})").second).empty());
}

BOOST_AUTO_TEST_CASE(public_rooms_are_known_after_a_restart_and_change_with_the_room) {
  rig r;
  store::directory_loaded stored;
  stored.rooms.push_back({"!r:here.example", "r", "11", store::room_phase::joined, false,
                          R"({"room":{"num_joined_members":1,"room_id":"!r:here.example"}})"});
  r.begin(std::move(stored));
  BOOST_TEST(rooms(r.get(at("publicRooms")).second) == "!r:here.example ");
  r.on(room_listed{"!r:here.example", {}});
  BOOST_TEST(rooms(r.get(at("publicRooms")).second).empty());
}

BOOST_AUTO_TEST_CASE(closed_directory_is_forbidden) {
  rig r;
  change(r.node).federation.public_directory = false;
  BOOST_TEST(errcode(r.get(at("publicRooms")).second) == "M_FORBIDDEN");
}

// -- notary -----------------------------------------------------------------------------------------------------------

namespace {

/// The directory as a notary: what the store keeps is `kept`.
struct notary_rig : rig {
  std::map<std::string, std::string> kept;
  std::string origin = "there.example";

  void keep(const std::string& server, const matrix::json::object& document) {
    kept[server] =
      matrix::join_documents(matrix::with_document(matrix::split_documents(kept[server]), document, server));
  }
  /// What is done after the store has answered.
  effects question(const std::string& method, const std::string& target, const std::string& body = {}) {
    federation_call call{
      "g", 7, origin, std::make_shared<const matrix::endpoint_match>(*matrix::match_endpoint(method, target)), nullptr};
    if (!body.empty()) call.body = std::make_shared<const value>(*matrix::json::parse(body));
    auto all = on(call);
    for (const auto& asked : of_kind<ask_store>(all)) {
      store::key_documents_loaded found;
      for (const auto& server : std::get<store::load_key_documents>(asked.question).servers)
        if (kept.contains(server)) found.documents[server] = kept[server];
      append(all, on(store_says(asked.asked, std::move(found))));
    }
    return all;
  }
};

object document_of_there(char letter, time_ms until) {
  return matrix::server_keys_document("there.example", key_of(letter), {}, until);
}

} // namespace

BOOST_AUTO_TEST_CASE(notary_countersigns_what_the_server_said) {
  notary_rig r;
  const auto sent = r.question("GET", "/_matrix/key/v2/query/there.example?minimum_valid_until_ts=5");
  const auto [to, wanted] = told<keys_request>(sent).at(0);
  BOOST_TEST((to == address{actor_kind::remote_server, "there.example"}));
  BOOST_TEST(wanted.valid_at_ts == 5);
  BOOST_TEST(wanted.wants_document);
  const auto document = matrix::server_keys_document("there.example", there_key(), {}, noon + 86'400'000);
  const auto done = r.on(keys_response{
    wanted.asked, "there.example", std::make_shared<const matrix::verify_keys>(keys_of(there_key())),
    std::make_shared<const matrix::key_documents>(matrix::key_documents{matrix::json::canonical(document)})});
  const auto [status, body] = r.answer(done);
  const auto& told_back = *body.find_array("server_keys")->at(0).as_object();
  BOOST_TEST(status == 200);
  BOOST_TEST(matrix::verify_json(told_back, "here.example", r.node.key.key_id(), r.node.key.public_key_base64()));
  BOOST_TEST(bool(matrix::check_server_keys(told_back, "there.example", noon)));
}

BOOST_AUTO_TEST_CASE(notary_asks_nobody_for_whoever_does_not_say_who_he_is) {
  notary_rig r;
  r.origin.clear();
  const auto nothing = r.question("GET", "/_matrix/key/v2/query/there.example");
  BOOST_TEST(told<keys_request>(nothing).empty());
  BOOST_TEST(matrix::json::canonical(r.answer(nothing).second) == R"({"server_keys":[]})");
  r.keep("there.example", document_of_there('t', noon - 1)); // as old as it is, it is what there is
  std::string many = R"({"server_keys":{"there.example":{})";
  for (int i = 0; i < 99; ++i) many += ",\"s" + std::to_string(i) + ".example\":{}";
  const auto sent = r.question("POST", "/_matrix/key/v2/query", many + "}}");
  BOOST_TEST(told<keys_request>(sent).empty());
  const auto body = r.answer(sent).second;
  BOOST_REQUIRE(body.find_array("server_keys")->size() == 1u);
  BOOST_TEST(*body.find_array("server_keys")->at(0).find_string("server_name") == "there.example");
}

BOOST_AUTO_TEST_CASE(notary_asks_nobody_where_the_configuration_says_so_or_enough_is_kept) {
  notary_rig r;
  change(r.node).federation.notary = config::notary_service::cached;
  BOOST_TEST(told<keys_request>(r.question("GET", "/_matrix/key/v2/query/there.example")).empty());
  change(r.node).federation.notary = config::notary_service::fetched;
  r.keep("there.example", document_of_there('t', noon + 86'400'000));
  const auto sent = r.question("GET", "/_matrix/key/v2/query/there.example");
  BOOST_TEST(told<keys_request>(sent).empty());
  BOOST_TEST(r.answer(sent).second.find_array("server_keys")->size() == 1u);
  BOOST_TEST(told<keys_request>(r.question("GET", "/_matrix/key/v2/query/there.example?minimum_valid_until_ts=" +
                                                    std::to_string(noon + 86'400'001)))
               .size() == 1u);
}

BOOST_AUTO_TEST_CASE(notary_has_a_bounded_number_of_servers_asked_at_once) {
  notary_rig r;
  std::size_t asked = 0;
  for (int i = 0; i < 3; ++i) {
    std::string many = "{\"server_keys\":{";
    for (int j = 0; j < 60; ++j)
      many += (j ? "," : "") + ("\"s" + std::to_string(i) + "x" + std::to_string(j)) + ".example\":{}";
    asked += told<keys_request>(r.question("POST", "/_matrix/key/v2/query", many + "}}")).size();
  }
  BOOST_TEST(asked == 100u);
}

BOOST_AUTO_TEST_CASE(notary_tells_no_more_at_once_than_an_answer_may_hold) {
  notary_rig r;
  r.origin.clear();
  std::string many = "{\"server_keys\":{";
  for (int i = 0; i < 100; ++i) {
    const auto name = "s" + std::to_string(i) + ".example";
    auto document = matrix::server_keys_document(name, there_key(), {}, noon + 86'400'000);
    document.set("padding", std::string(15'000, 'x'));
    matrix::sign_json(document, name, there_key());
    r.keep(name, document);
    many += (i ? "," : "") + ("\"" + name) + "\":{}";
  }
  const auto sent = r.question("POST", "/_matrix/key/v2/query", many + "}}");
  const auto size = told<federation_reply>(sent).at(0).second.body.size();
  BOOST_TEST(size > 400'000u);
  BOOST_TEST(size < 600'000u);
}

BOOST_AUTO_TEST_CASE(notary_answers_for_many_at_once_and_for_this_server_itself) {
  notary_rig r;
  change_identity(r.node).old_keys.push_back({"ed25519:old", there_key().public_key_base64(), noon - 1});
  const auto sent = r.question("POST", "/_matrix/key/v2/query",
                               R"({"server_keys":{"here.example":{},"dead.example":{},)"
                               R"("there.example":{"ed25519:x":{"minimum_valid_until_ts":9}}}})");
  const auto asked = told<keys_request>(sent);
  BOOST_TEST(asked.size() == 2u);
  BOOST_TEST(asked.at(0).second.valid_at_ts == noon); // dead.example: as of now
  BOOST_TEST(asked.at(1).second.key_ids.at(0) == "ed25519:x");
  BOOST_TEST(
    told<federation_reply>(r.on(keys_response{asked.at(0).second.asked, "dead.example", nullptr, nullptr})).empty());
  r.now += r.node.settings().federation.request_timeout_ms; // the other one does not answer at all
  const auto [status, body] = r.answer(r.on(timer_due{timer_kind::notary}));
  BOOST_TEST(status == 200);
  const auto& list = *body.find_array("server_keys");
  BOOST_TEST(list.size() == 1u);
  BOOST_TEST(*list.at(0).find_string("server_name") == "here.example");
  BOOST_TEST(list.at(0).find_object("old_verify_keys")->find("ed25519:old"));
}

BOOST_AUTO_TEST_CASE(notary_proves_a_key_its_server_no_longer_lists) {
  notary_rig r;
  r.keep("there.example", document_of_there('f', noon - 86'400'000));
  r.keep("there.example", document_of_there('t', noon + 86'400'000));
  r.origin.clear();
  const auto ask = [&](const std::string& key_id) {
    return r
      .answer(r.question("POST", "/_matrix/key/v2/query",
                         R"({"server_keys":{"there.example":{")" + key_id + R"(":{"minimum_valid_until_ts":1}}}})"))
      .second;
  };
  const auto of_former = ask(key_of('f').key_id());
  BOOST_TEST(of_former.find_array("server_keys")->size() == 1u);
  BOOST_TEST(of_former.find_array("server_keys")->at(0).find_object("verify_keys")->find(key_of('f').key_id()));
  BOOST_TEST(
    bool(matrix::check_server_keys(*of_former.find_array("server_keys")->at(0).as_object(), "there.example", noon)));
  BOOST_TEST(
    ask(there_key().key_id()).find_array("server_keys")->at(0).find_object("verify_keys")->find(there_key().key_id()));
}

BOOST_AUTO_TEST_CASE(notary_whose_store_is_busy_tells_nothing_wrong) {
  notary_rig r;
  const auto sent = r.ask("GET", "/_matrix/key/v2/query/there.example");
  change(r.node).federation.notary = config::notary_service::cached;
  const auto done = r.on(store_says(of_kind<ask_store>(sent).at(0).asked, fault{fault_code::overloaded, "busy"}));
  BOOST_TEST(matrix::json::canonical(r.answer(done).second) == R"({"server_keys":[]})");
}

BOOST_AUTO_TEST_CASE(notary_refuses_nonsense_and_keeps_silent_about_excluded_servers) {
  rig r;
  change(r.node).federation.deny_servers = {"there.*"};
  BOOST_TEST(matrix::json::canonical(r.get("/_matrix/key/v2/query/there.example").second) == R"({"server_keys":[]})");
  BOOST_TEST(matrix::json::canonical(r.get("/_matrix/key/v2/query/no%20name").second) == R"({"server_keys":[]})");
  BOOST_TEST(errcode(r.get("/_matrix/key/v2/query/a.example?minimum_valid_until_ts=x").second) == "M_INVALID_PARAM");
  BOOST_TEST(errcode(r.post("/_matrix/key/v2/query", "{}").second) == "M_BAD_JSON");
  BOOST_TEST(errcode(r.post("/_matrix/key/v2/query", R"({"server_keys":{"a.example":5}})").second) == "M_BAD_JSON");
}

// -- room.join --------------------------------------------------------------------------------------------------------

namespace {

struct join_rig : rig {
  effects join(const std::string& room, std::vector<std::string> via = {}) {
    command_received m;
    m.reference = {"s", "c1", 0};
    m.body = std::make_shared<const chat::command>(chat::room_join{room, "ann", std::move(via)});
    return on(m);
  }
  /// Servers of the join that a room was asked for; "room: server server".
  static std::string handed_on(const effects& from) {
    const auto commands = told<chat_command>(from);
    BOOST_REQUIRE(commands.size() == 1u);
    const auto& x = std::get<chat::room_join>(*commands[0].second.body);
    BOOST_TEST((commands[0].first == address{actor_kind::room, x.room}));
    BOOST_TEST(x.user == "@ann:here.example");
    std::string out = x.room + ":";
    for (const auto& server : x.via) out += " " + server;
    return out;
  }
  static fault_code refusal(const effects& from) {
    return chat::decode_fault(told<command_done>(from).at(0).second.body).code;
  }
  effects answer_alias(const effects& asked, int status, const std::string& body, fault why = {}) {
    const auto request = told<peer_request>(asked).at(0).second;
    std::string errcode; // as the actor of that server reads it
    if (const auto told = matrix::json::parse(body); told && told->find_string("errcode"))
      errcode = *told->find_string("errcode");
    return on(peer_answer{request.asked, "there.example", status, body, std::move(why), std::move(errcode)});
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(a_room_is_joined_through_given_servers_then_that_of_its_id, join_rig) {
  BOOST_TEST(handed_on(join("!r:there.example", {"b.example", "here.example", "b.example"})) ==
             "!r:there.example: b.example there.example");
  BOOST_TEST(handed_on(join("!" + std::string(43, 'x'), {"b.example"})) ==
             "!" + std::string(43, 'x') + ": b.example"); // version 12
  BOOST_TEST((refusal(join("!r:there.example", {"no server"})) == fault_code::invalid_identifier));
  BOOST_TEST((refusal(join("#nonsense")) == fault_code::invalid_identifier));
  BOOST_TEST((refusal(join("unknown chat room")) == fault_code::not_found));
}

BOOST_FIXTURE_TEST_CASE(an_alias_of_another_server_is_asked_there_and_its_servers_come_first, join_rig) {
  const auto asked = join("#party:there.example", {"b.example"});
  const auto [to, request] = told<peer_request>(asked).at(0);
  BOOST_TEST((to == address{actor_kind::remote_server, "there.example"}));
  BOOST_TEST((request.endpoint == matrix::endpoint::query_directory));
  BOOST_TEST(request.query.at(0).second == "#party:there.example");
  BOOST_TEST(handed_on(answer_alias(
               asked, 200, R"({"room_id":"!r:c.example","servers":["a.example",7,"not a server","here.example"]})")) ==
             "!r:c.example: a.example b.example c.example");
}

BOOST_FIXTURE_TEST_CASE(an_alias_that_cannot_be_resolved_says_why, join_rig) {
  auto refused = [&](int status, const std::string& body, fault why = {}) {
    return refusal(answer_alias(join("#party:there.example"), status, body, std::move(why)));
  };
  BOOST_TEST(
    (refused(404, R"({"errcode":"M_NOT_FOUND"})", {fault_code::peer_refused, "404"}) == fault_code::not_found));
  BOOST_TEST(
    (refused(403, R"({"errcode":"M_FORBIDDEN"})", {fault_code::peer_refused, "403"}) == fault_code::forbidden));
  BOOST_TEST((refused(0, "", {fault_code::peer_unreachable, "x"}) == fault_code::peer_unreachable));
  BOOST_TEST((refused(200, "{}") == fault_code::peer_bad_answer));
  BOOST_TEST((refused(200, R"({"room_id":"nonsense"})") == fault_code::peer_bad_answer));
  BOOST_TEST((refused(200, "no json") == fault_code::peer_bad_answer));
}

BOOST_FIXTURE_TEST_CASE(an_alias_question_nobody_answers_ends, join_rig) {
  const auto asked = join("#party:there.example");
  now = timer_at(asked, timer_kind::alias);
  BOOST_TEST((refusal(on(timer_due{timer_kind::alias})) == fault_code::peer_timeout));
  BOOST_TEST(told<command_done>(answer_alias(asked, 200, R"({"room_id":"!r:c.example","servers":[]})")).empty());
}

BOOST_FIXTURE_TEST_CASE(an_alias_of_this_server_is_known_here, join_rig) {
  BOOST_TEST((refusal(join("#party:here.example")) == fault_code::not_found));
  list("!r:here.example", 3, {}, R"(["#party:here.example"])");
  BOOST_TEST(handed_on(join("#party:here.example")) == "!r:here.example:");
}

BOOST_FIXTURE_TEST_CASE(a_knock_finds_its_room_and_servers_as_a_join_does, join_rig) {
  auto command = [&](chat::command x) {
    command_received m;
    m.reference = {"s", "c1", 0};
    m.body = std::make_shared<const chat::command>(std::move(x));
    return on(m);
  };
  auto knock = [&](const std::string& room, std::vector<std::string> via = {}) {
    return command(chat::room_knock{room, "ann", std::move(via), "let me in"});
  };
  const auto asked = knock("#party:there.example", {"b.example"});
  const auto handed =
    told<chat_command>(answer_alias(asked, 200, R"({"room_id":"!r:c.example","servers":["a.example"]})"));
  BOOST_REQUIRE(handed.size() == 1u);
  BOOST_TEST((handed[0].first == address{actor_kind::room, "!r:c.example"}));
  const auto& x = std::get<chat::room_knock>(*handed[0].second.body);
  BOOST_TEST(x.room == "!r:c.example");
  BOOST_TEST(x.user == "@ann:here.example");
  BOOST_TEST(x.via == (std::vector<std::string>{"a.example", "b.example", "c.example"}),
             boost::test_tools::per_element());
  BOOST_TEST(x.reason.value() == "let me in");
  BOOST_TEST((refusal(knock("#party:here.example")) == fault_code::not_found));
  BOOST_TEST((refusal(answer_alias(knock("#party:there.example"), 404, R"({"errcode":"M_NOT_FOUND"})",
                                   {fault_code::peer_refused, "404"})) == fault_code::not_found));

  const auto taken_back = told<chat_command>(command(chat::knock_retract{"!r:c.example", "ann", {}}));
  BOOST_TEST((taken_back.at(0).first == address{actor_kind::room, "!r:c.example"}));
  BOOST_TEST(std::get<chat::knock_retract>(*taken_back[0].second.body).user == "@ann:here.example");
  const auto rejected =
    told<chat_command>(command(chat::knock_reject{"!r:c.example", "ann", "@eve:there.example", {}}));
  BOOST_TEST(std::get<chat::knock_reject>(*rejected.at(0).second.body).by == "@ann:here.example");
  BOOST_TEST((refusal(command(chat::knock_reject{"!r:c.example", "@eve:there.example", "ann", {}})) ==
              fault_code::invalid_param));
  BOOST_TEST(
    (refusal(command(chat::knock_retract{"!r:c.example", "@eve:there.example", {}})) == fault_code::invalid_param));
}

BOOST_AUTO_TEST_SUITE_END()

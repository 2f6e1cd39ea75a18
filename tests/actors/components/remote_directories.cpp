#include "actors/directory/remote_directories.hpp"

#include "messages/chat/codec.hpp"
#include "messages/edge/packing.hpp"
#include "messages/limits.hpp"
#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace causeway;
using namespace causeway::test;
using matrix::json::array;
using matrix::json::object;

BOOST_AUTO_TEST_SUITE(directory_remote_directories_alone)

namespace {

using directory::remote_directories;
const std::string there = "there.example";

struct directories_rig {
  context node = here();
  time_ms now = noon;
  decision out{{actor_kind::directory, ""}};
  directory::public_directory own;
  remote_directories::chat_ids names{{"!r:there.example", "chat-1"}};
  remote_directories directories{node, out, own, names};
  std::size_t commands = 0;

  directories_rig() { out.set_now(now); }
  void after(time_ms ms) {
    now += ms;
    out.set_now(now);
  }
  effects ask(std::optional<std::string> server = there, std::optional<std::string> search = {},
              std::optional<std::string> place = {}, int limit = 2) {
    chat::query_public_rooms x;
    x.server = std::move(server);
    x.search = std::move(search);
    x.after = std::move(place);
    x.limit = limit;
    directories.run({{"s", "c" + std::to_string(++commands), 0}, {}}, x);
    return out.take();
  }
  static peer_request request_in(const effects& list) {
    const auto asked = told<peer_request>(list);
    if (asked.size() != 1) throw std::runtime_error(std::to_string(asked.size()) + " requests");
    return asked[0].second;
  }
  effects answer(const effects& asked, int status, std::string body, std::string errcode = {}, fault why = {}) {
    BOOST_TEST(directories.answered(
      {request_in(asked).asked, there, status, std::move(body), std::move(why), std::move(errcode)}));
    return out.take();
  }
  /// The page that a directory of these rooms is shown as.
  chat::public_rooms_answer page_of(array rooms, object more = {}) {
    more.set("chunk", std::move(rooms));
    return page_in(answer(ask(), 200, matrix::json::canonical(more)));
  }
  static chat::public_rooms_answer page_in(const effects& list) {
    const auto done = told<command_done>(list);
    if (done.size() != 1) throw std::runtime_error("not one RESULT");
    if (!done[0].second.succeeded) throw std::runtime_error(to_string(chat::decode_fault(done[0].second.body)));
    return *edge::unpack<chat::public_rooms_answer>(done[0].second.body, fault_code::bad_body);
  }
  static fault refusal_in(const effects& list) {
    const auto done = told<command_done>(list);
    if (done.size() != 1 || done[0].second.succeeded) throw std::runtime_error("not refused");
    return chat::decode_fault(done[0].second.body);
  }
};

using parameters = std::vector<std::pair<std::string, std::string>>;

} // namespace

// -- what is asked

BOOST_FIXTURE_TEST_CASE(a_page_is_asked_for_by_its_place_and_words_by_a_body, directories_rig) {
  auto r = request_in(ask());
  BOOST_TEST((r.endpoint == matrix::endpoint::public_rooms));
  BOOST_TEST((r.query == parameters{{"limit", "2"}}));
  BOOST_TEST(r.body.empty());
  BOOST_TEST(r.response_bytes_max == remote_directories::answer_bytes_max);
  BOOST_TEST((r.reply_to == address{actor_kind::directory, ""}));
  r = request_in(ask(there, {}, "place"));
  BOOST_TEST((r.query == parameters{{"limit", "2"}, {"since", "place"}}));
  r = request_in(ask(there, "cats"));
  BOOST_TEST((r.endpoint == matrix::endpoint::public_rooms_filtered));
  BOOST_TEST(r.body == R"({"filter":{"generic_search_term":"cats"},"limit":2})");
  r = request_in(ask(there, "cats", "place"));
  BOOST_TEST(r.body == R"({"filter":{"generic_search_term":"cats"},"limit":2,"since":"place"})");
}

BOOST_FIXTURE_TEST_CASE(what_is_no_server_is_asked_for_nothing, directories_rig) {
  for (const auto* odd : {"", "no server", "@a:b.example", "x.example:99999999"})
    BOOST_TEST((refusal_in(ask(odd)).code == fault_code::invalid_identifier), odd);
  BOOST_TEST(directories.deadline() == 0);
}

// -- what is made of an answer

BOOST_FIXTURE_TEST_CASE(all_that_a_room_shows_is_told, directories_rig) {
  const auto page = page_of({object{{"room_id", "!r:there.example"},
                                    {"name", "Lobby"},
                                    {"topic", "t"},
                                    {"canonical_alias", "#l:there.example"},
                                    {"avatar_url", "mxc://there.example/1"},
                                    {"num_joined_members", 7},
                                    {"world_readable", false},
                                    {"join_rule", "knock"},
                                    {"room_type", "m.space"}}},
                            {{"next_batch", "more"}, {"total_room_count_estimate", 9}});
  BOOST_TEST(page.server == there);
  BOOST_TEST(page.next.value() == "more");
  BOOST_TEST(page.total.value() == 9u);
  BOOST_REQUIRE(page.rooms.size() == 1u);
  const auto& x = page.rooms[0];
  BOOST_TEST(x.room == "chat-1"); // one of ours has joined it before
  BOOST_TEST(x.room_name.value() == "Lobby");
  BOOST_TEST(x.topic.value() == "t");
  BOOST_TEST(x.alias.value() == "#l:there.example");
  BOOST_TEST(x.avatar.value() == "mxc://there.example/1");
  BOOST_TEST(x.join_rule.value() == "knock");
  BOOST_TEST(x.room_kind.value() == "m.space");
  BOOST_TEST(x.members == 7u);
  BOOST_TEST(!x.world_readable.value());
}

BOOST_FIXTURE_TEST_CASE(of_a_room_is_left_out_what_is_not_what_it_should_be, directories_rig) {
  const auto page = page_of({object{{"room_id", "!x:there.example"},
                                    {"name", 7},
                                    {"topic", ""},
                                    {"canonical_alias", "no alias"},
                                    {"avatar_url", "https://evil.example/x"},
                                    {"num_joined_members", -5},
                                    {"world_readable", "yes"},
                                    {"join_rule", nullptr},
                                    {"room_type", array{}}}},
                            {{"next_batch", ""}, {"total_room_count_estimate", -1}});
  BOOST_REQUIRE(page.rooms.size() == 1u);
  const auto& x = page.rooms[0];
  BOOST_TEST(x.room.empty());
  for (const auto* text : {&x.room_name, &x.topic, &x.alias, &x.avatar, &x.join_rule, &x.room_kind})
    BOOST_TEST(!text->has_value());
  BOOST_TEST(!x.world_readable.has_value());
  BOOST_TEST(x.members == 0u);
  BOOST_TEST(!page.next.has_value());
  BOOST_TEST(!page.total.has_value());
}

BOOST_FIXTURE_TEST_CASE(what_is_no_room_is_no_entry, directories_rig) {
  const auto page = page_of({7, nullptr, object{{"name", "no room"}}, object{{"room_id", 7}},
                             object{{"room_id", "#alias:there.example"}}, object{{"room_id", "!q:there.example"}}});
  BOOST_REQUIRE(page.rooms.size() == 1u);
  BOOST_TEST(page.rooms[0].matrix_room_id == "!q:there.example");
}

BOOST_FIXTURE_TEST_CASE(a_page_fits_into_a_frame_whatever_its_server_says, directories_rig) {
  array rooms;
  const auto long_text = [](std::size_t bytes) { return std::string(bytes, 'n'); };
  for (std::size_t i = 0; i <= chat::listed_public_rooms_max; ++i)
    rooms.emplace_back(object{{"room_id", "!r" + std::to_string(i) + ":there.example"},
                              {"name", long_text(remote_directories::name_bytes_max + 1)},
                              {"topic", long_text(remote_directories::topic_bytes_max + 1)},
                              {"join_rule", long_text(10'000)},
                              {"room_type", long_text(10'000)},
                              {"avatar_url", "mxc://there.example/" + long_text(10'000)}});
  const auto page = page_of(std::move(rooms), {{"next_batch", long_text(chat::directory_place_bytes_max + 1)}});
  BOOST_TEST(page.rooms.size() == chat::listed_public_rooms_max);
  const auto& x = page.rooms[0];
  BOOST_TEST(x.room_name.value().size() == remote_directories::name_bytes_max);
  BOOST_TEST(x.topic.value().size() == remote_directories::topic_bytes_max);
  BOOST_TEST(x.join_rule.value().size() == limits::identifier_bytes_max);
  BOOST_TEST(x.room_kind.value().size() == limits::identifier_bytes_max);
  BOOST_TEST(!x.avatar.has_value()); // cut it would be another one
  BOOST_TEST(!page.next.has_value());
  BOOST_TEST(chat::encode(chat::answer{page}).size() < limits::chat_frame_bytes_max);
  const auto longest = page_of({}, {{"next_batch", long_text(chat::directory_place_bytes_max)}});
  BOOST_TEST(longest.next.value().size() == chat::directory_place_bytes_max);
}

BOOST_FIXTURE_TEST_CASE(a_body_without_a_list_is_a_bad_answer, directories_rig) {
  for (const auto* body : {"", "[]", "{}", "<html>", R"({"chunk":{}})", R"({"chunk":null})"})
    BOOST_TEST((refusal_in(answer(ask(), 200, body)).code == fault_code::peer_bad_answer), body);
  BOOST_TEST(page_of({}).rooms.empty());
}

BOOST_FIXTURE_TEST_CASE(why_a_directory_is_not_shown_is_told, directories_rig) {
  const fault why{fault_code::peer_refused, "closed"};
  const auto code = [&](int status, const char* errcode) {
    return refusal_in(answer(ask(), status, "{}", errcode, why)).code;
  };
  BOOST_TEST((code(401, "M_UNAUTHORIZED") == fault_code::forbidden));
  BOOST_TEST((code(403, "M_FORBIDDEN") == fault_code::forbidden));
  BOOST_TEST((code(400, "M_INVALID_PARAM") == fault_code::invalid_param));
  BOOST_TEST((code(500, "M_UNKNOWN") == fault_code::peer_refused));
  const fault away{fault_code::peer_unreachable, there};
  BOOST_TEST((refusal_in(answer(ask(), 0, {}, {}, away)) == away));
}

// -- bounds

BOOST_FIXTURE_TEST_CASE(each_directory_is_waited_for_by_itself_and_a_late_answer_is_nobodys, directories_rig) {
  const auto first = ask();
  const auto due = directories.deadline();
  BOOST_TEST(due > now + time_ms{node.settings().federation.request_timeout_ms});
  after(1'000);
  const auto second = ask();
  after(due - now - 1);
  directories.expire();
  BOOST_TEST(out.take().empty());
  after(1);
  directories.expire();
  const auto list = out.take();
  BOOST_TEST((refusal_in(list).code == fault_code::peer_timeout));
  BOOST_TEST(directories.deadline() == now + 1'000);
  BOOST_TEST(!directories.answered({request_in(first).asked, there, 200, R"({"chunk":[]})", {}, {}}));
  BOOST_TEST(page_in(answer(second, 200, R"({"chunk":[]})")).rooms.empty());
  BOOST_TEST(directories.deadline() == 0);
}

BOOST_FIXTURE_TEST_CASE(directories_asked_for_at_once_are_bounded_and_our_own_is_shown_all_the_same, directories_rig) {
  const auto first = ask();
  for (std::size_t i = 1; i < remote_directories::questions_max; ++i) (void)request_in(ask());
  BOOST_TEST((refusal_in(ask()).code == fault_code::overloaded));
  BOOST_TEST(page_in(ask({})).rooms.empty());
  (void)answer(first, 200, R"({"chunk":[]})");
  (void)request_in(ask());
}

// -- our own

BOOST_FIXTURE_TEST_CASE(our_own_directory_is_shown_page_by_page, directories_rig) {
  for (int i = 1; i <= 3; ++i) {
    const auto id = "!p" + std::to_string(i) + ":here.example";
    const object room{{"room_id", id}, {"name", "Cats " + std::to_string(i)}, {"num_joined_members", i}};
    own.put(id, &room);
    names[id] = "chat-p" + std::to_string(i);
  }
  const object dogs{{"room_id", "!d:here.example"}, {"name", "Dogs"}, {"num_joined_members", 9}};
  own.put("!d:here.example", &dogs);
  const auto first = page_in(ask({}, "CATS"));
  BOOST_TEST(first.server == "here.example");
  BOOST_REQUIRE(first.rooms.size() == 2u);
  BOOST_TEST(first.rooms[0].room == "chat-p3");
  BOOST_TEST(first.rooms[1].room == "chat-p2");
  BOOST_TEST(first.total.value() == 4u);
  const auto rest = page_in(ask("here.example", "CATS", first.next));
  BOOST_REQUIRE(rest.rooms.size() == 1u);
  BOOST_TEST(rest.rooms[0].room == "chat-p1");
  BOOST_TEST(!rest.next.has_value());
  BOOST_TEST((refusal_in(ask({}, {}, "no place")).code == fault_code::invalid_param));
  BOOST_TEST(directories.deadline() == 0); // nobody is asked
}

BOOST_AUTO_TEST_SUITE_END()

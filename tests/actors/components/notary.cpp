// The directory as a notary; what it answers to whom stands in tests/actors/directory_machine.cpp.
#include "actors/directory/notary.hpp"

#include "messages/matrix/key_documents.hpp"
#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace causeway;
using namespace causeway::test;
using directory::notary;

BOOST_AUTO_TEST_SUITE(directory_notary_alone)

namespace {

struct notary_alone {
  context node = here();
  decision out{{actor_kind::directory, ""}};
  notary keys{node, out};
  effects list;

  notary_alone() { out.set_now(noon); }
  void ask(const std::string& origin, const std::string& server = "there.example") {
    keys.ask({"g", 7, origin,
              std::make_shared<const matrix::endpoint_match>(
                *matrix::match_endpoint("GET", "/_matrix/key/v2/query/" + server)),
              nullptr});
    list = out.take();
  }
  /// The store has nothing of that server.
  void nothing_is_kept() {
    for (const auto& asked : of_kind<ask_store>(std::exchange(list, {})))
      BOOST_TEST(keys.answered(
        store_answered{asked.asked, std::make_shared<const store::answer>(store::key_documents_loaded{})}));
    list = out.take();
  }
  std::vector<federation_reply> replies() const {
    std::vector<federation_reply> found;
    for (const auto& [to, x] : told<federation_reply>(list)) found.push_back(x);
    return found;
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(its_own_keys_are_told_at_once) {
  notary_alone r;
  r.ask("", "here.example");
  BOOST_REQUIRE(r.replies().size() == 1U);
  BOOST_TEST(r.replies()[0].status == 200);
  BOOST_TEST(r.replies()[0].body.find("here.example") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(server_is_asked_for_its_keys_for_one_that_has_said_who_it_is_and_for_nobody_else) {
  notary_alone r;
  r.ask("third.example");
  r.nothing_is_kept();
  BOOST_TEST(told<keys_request>(r.list).size() == 1U);
  r.ask("");
  r.nothing_is_kept();
  BOOST_TEST(told<keys_request>(r.list).empty());
  BOOST_TEST(r.replies().size() == 1U);
}

BOOST_AUTO_TEST_CASE(server_that_says_nothing_ends_the_question_in_time) {
  notary_alone r;
  r.ask("third.example");
  const auto at = timer_at(r.list, notary::timer);
  BOOST_TEST(at == noon + r.node.settings().federation.request_timeout_ms);
  r.nothing_is_kept();
  const auto asked = told<keys_request>(r.list).at(0).second.asked;
  r.out.set_now(at);
  r.keys.on_timer();
  r.list = r.out.take();
  BOOST_REQUIRE(r.replies().size() == 1U);
  BOOST_TEST(r.replies()[0].body == R"({"server_keys":[]})");
  keys_response late;
  late.asked = asked;
  r.keys.answered(late);
  BOOST_TEST(r.out.take().empty());
}

BOOST_AUTO_TEST_CASE(questions_are_bounded) {
  notary_alone r;
  for (int i = 0; i < 100; ++i) r.ask("third.example");
  BOOST_TEST(r.replies().empty());
  r.ask("third.example");
  BOOST_REQUIRE(r.replies().size() == 1U);
  BOOST_TEST(r.replies()[0].status == 429);
}

BOOST_AUTO_TEST_SUITE_END()

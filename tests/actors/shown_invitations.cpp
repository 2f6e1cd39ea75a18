#include "actors/invitation/shown_invitations.hpp"

#include "messages/chat/codec.hpp"
#include "messages/limits.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;

BOOST_AUTO_TEST_SUITE(shown_invitations)

namespace {

chat::invitation_view at(std::int64_t ts, std::string state, std::string reason = {}) {
  return {"r",
          "!r:a.example",
          "@u" + std::to_string(ts) + ":b.example",
          "@ann:a.example",
          "outgoing",
          std::move(state),
          std::move(reason),
          ts};
}

} // namespace

BOOST_AUTO_TEST_CASE(what_fits_is_shown_as_it_was_made) {
  std::vector<chat::invitation_view> list{at(3, "rejected"), at(1, "pending"), at(2, "sending")};
  BOOST_TEST(!invitation::shorten(list));
  BOOST_TEST(list.size() == 3u);
  BOOST_TEST(list[0].since_ts == 3);
}

BOOST_AUTO_TEST_CASE(of_years_of_invitations_the_open_ones_are_shown_then_the_latest) {
  std::vector<chat::invitation_view> list;
  for (int i = 0; i < 5'000; ++i) list.push_back(at(i, i == 7 ? "pending" : i == 9 ? "sending" : "accepted"));
  BOOST_TEST(invitation::shorten(list));
  BOOST_TEST(list.size() == invitation::shown_max);
  BOOST_TEST(list[0].since_ts == 9);
  BOOST_TEST(list[1].since_ts == 7);
  BOOST_TEST(list[2].since_ts == 4'999);
}

BOOST_AUTO_TEST_CASE(long_reasons_do_not_make_an_answer_no_message_holds) {
  std::vector<chat::invitation_view> list;
  for (int i = 0; i < 1'000; ++i) list.push_back(at(i, "rejected", std::string(4'096, 'x')));
  BOOST_TEST(invitation::shorten(list));
  BOOST_TEST(list.size() > 100u);
  BOOST_TEST(chat::encode(chat::answer{chat::invitations_answer{list, true}}).size() < limits::chat_frame_bytes_max);
}

BOOST_AUTO_TEST_SUITE_END()

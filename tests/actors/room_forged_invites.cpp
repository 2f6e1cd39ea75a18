// Invites in the name of somebody who never sent them: a stranger must not get into a private room by one, by whatever
// path it comes.
#include "messages/matrix/base64.hpp"
#include "tests/actors/gap_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;
using matrix::json::object;

BOOST_AUTO_TEST_SUITE(room_forged_invites)

namespace {

const std::string mallory = "@mallory:third.example";

/// An unsigned invite of mallory in the name of `sender`, whose content claims to be a third party's.
matrix::json::object forged(const shared_room& r, const std::string& sender, matrix::json::value third_party,
                            bool good_hash = false) {
  auto pdu = r.made(sender, "m.room.member", {{"membership", "invite"}}, mallory)->source;
  pdu.set("content", object{{"membership", "invite"}, {"third_party_invite", std::move(third_party)}});
  pdu.set("signatures", object{});
  pdu.set("hashes",
          object{{"sha256", good_hash ? matrix::base64_encode(matrix::content_hash(pdu)) : std::string(43, 'A')}});
  return pdu;
}

std::string error_of(shared_room& r, matrix::json::object pdu) {
  auto pdus = std::make_shared<std::vector<object>>();
  pdus->push_back(std::move(pdu));
  const auto done = told<pdus_handled>(
    r.on(pdus_received{{actor_kind::remote_server, "there.example"}, 1, "there.example", std::move(pdus)}));
  return done.at(0).second.outcomes.at(0).error;
}

} // namespace

BOOST_AUTO_TEST_CASE(nobody_invites_himself_by_an_unsigned_event_in_anybodys_name) {
  for (const auto* version : {"2", "6", "10", "11", "12"})
    for (const auto& sender : {ann, eve})
      for (const auto& odd :
           {matrix::json::value{1}, matrix::json::value{nullptr}, matrix::json::value{object{}},
            matrix::json::value{object{{"signed", 1}}}, matrix::json::value{object{{"signed", object{}}}},
            matrix::json::value{
              object{{"signed", object{{"mxid", mallory}, {"token", "t"}, {"signatures", object{}}}}}}})
        for (const bool good_hash : {false, true}) {
          shared_room r{version};
          const auto error = error_of(r, forged(r, sender, odd, good_hash));
          BOOST_TEST_INFO(version << " " << sender << " " << matrix::json::canonical(odd) << " " << good_hash);
          BOOST_TEST(r.membership(mallory).empty());
          BOOST_TEST_INFO(version << " " << sender << " " << matrix::json::canonical(odd) << " " << good_hash << ": "
                                  << error);
          if (sender == ann) BOOST_TEST(error.starts_with("bad_signature"));
        }
}

BOOST_AUTO_TEST_CASE(a_forged_invite_among_missing_events_brings_nobody_in) {
  shared_room r{"10"};
  const auto invite = *matrix::make_event(forged(r, ann, 1), r.rules());
  auto list = r.push({r.message_of(eve, "after it", {invite->event_id})});
  r.on(answer_to(question_in(list), 200, events_body({invite})));
  BOOST_TEST(r.membership(mallory).empty());
}

BOOST_AUTO_TEST_CASE(an_invite_that_was_never_signed_is_told_the_operator_when_the_room_is_loaded) {
  shared_room r{"10"};
  // As a broker took it that did not ask for the signatures the redacted form needs.
  const auto invite = matrix::redacted(**matrix::make_event(forged(r, ann, 1), r.rules()));
  r.disk.events[invite->event_id] = {invite, store::verdict::accepted, r.disk.head.state_group, r.disk.head.state_group,
                                     90};
  r.disk.order.push_back(invite->event_id);
  const auto list = r.restart();
  std::size_t told_operator = 0;
  for (const auto& n : of_kind<note>(list))
    for (const auto& [key, text] : n.fields)
      if (n.level == log_level::error && key == "event" && text == invite->event_id) ++told_operator;
  BOOST_TEST(told_operator == 1u);
  BOOST_TEST(r.machine->describe(r.now).find(invite->event_id) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_room_without_forgeries_asks_for_no_keys_when_it_is_loaded) {
  shared_room r;
  r.command(chat::invite_send{"chat-1", ann, "@guest:third.example", {}});
  BOOST_TEST(told<verify_events>(r.restart()).empty());
}

BOOST_AUTO_TEST_SUITE_END()

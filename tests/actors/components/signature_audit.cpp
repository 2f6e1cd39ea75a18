#include "actors/room/signature_audit.hpp"

#include "actors/room/described.hpp"
#include "tests/actors/components/component_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

using namespace causeway;
using namespace causeway::test;
using room::question::doubtful_memberships;

BOOST_AUTO_TEST_SUITE(room_signature_audit_alone)

namespace {

struct audit_rig : component_rig {
  room::signature_audit audit{room, out, pending};

  /// A membership that nobody has signed, as an older broker took it.
  matrix::event_ptr take_unsigned(const std::string& user, store::verdict judged = store::verdict::accepted) {
    auto pdu = made(eve, "m.room.member", {{"membership", "invite"}}, user, {}, room.graph.extremities())->source;
    pdu.set("signatures", matrix::json::object{});
    auto x = *matrix::make_event(std::move(pdu), rules());
    (void)writer.add(x, writer.state_before(x->prev_events), {judged, {}});
    (void)take();
    return x;
  }
  effects hear(const effects& asked, event_check check) {
    const auto questions = told<verify_events>(asked);
    if (questions.size() != 1) throw std::runtime_error("not one question");
    events_verified m{questions[0].second.asked, {}};
    m.checks.assign(questions[0].second.events.size(), check);
    audit.answered(question_of<doubtful_memberships>(m.asked), m);
    return take();
  }
  effects begin() {
    audit.begin();
    return take();
  }
  std::pair<std::size_t, std::int64_t> described() const {
    matrix::json::object o;
    audit.describe(o, now);
    return {o.find("unsigned_memberships")->as_array()->size(), *o.find("unsigned_memberships_total")->as_integer()};
  }
};

using counts = std::pair<std::size_t, std::int64_t>;

} // namespace

BOOST_AUTO_TEST_CASE(only_memberships_without_a_signature_or_invites_without_their_content_are_doubtful) {
  audit_rig r;
  const auto invite = r.made(ann, "m.room.member", {{"membership", "invite"}, {"reason", "x"}}, "@zed:far.example"),
             join = r.made(eve, "m.room.member", {{"membership", "join"}, {"displayname", "E"}}, eve),
             lost = matrix::redacted(*invite), message = r.message_of(eve, "hello");
  BOOST_TEST(room::doubtful_memberships({invite, join, matrix::redacted(*join), message}).empty());
  BOOST_TEST(room::doubtful_memberships({matrix::redacted(*invite, r.redaction_of(ann, invite->event_id))}).empty());
  const auto found = room::doubtful_memberships({join, lost});
  BOOST_REQUIRE(found.size() == 1u);
  BOOST_TEST(found[0]->event_id == invite->event_id);
  BOOST_TEST(room::doubtful_memberships({r.take_unsigned("@a:here.example")}).size() == 1u);
}

BOOST_AUTO_TEST_CASE(room_whose_memberships_are_all_signed_asks_nobody) {
  audit_rig r;
  BOOST_TEST(r.begin().empty());
  BOOST_TEST((r.described() == counts{0, 0}));
}

BOOST_AUTO_TEST_CASE(what_nobody_has_signed_is_told_to_the_operator_by_name) {
  audit_rig r;
  const auto x = r.take_unsigned("@carl:here.example");
  (void)r.take_unsigned("@rejected:here.example", store::verdict::rejected); // it counts for nothing anyway
  const auto asked = r.begin();
  BOOST_TEST(told<verify_events>(asked).at(0).second.events.size() == 1u);
  const auto lines = of_kind<note>(r.hear(asked, event_check::missing_signature));
  BOOST_REQUIRE(lines.size() == 1u);
  BOOST_TEST((lines[0].level == log_level::error));
  BOOST_TEST(lines[0].what.starts_with("R120 "));
  BOOST_TEST(std::ranges::count(lines[0].fields, std::pair{std::string{"event"}, x->event_id}) == 1);
  BOOST_TEST((r.described() == counts{1, 1}));
}

BOOST_AUTO_TEST_CASE(nothing_is_said_of_what_is_signed_or_cannot_be_checked) {
  for (const auto check : {event_check::valid, event_check::no_key, event_check::bad_hash}) {
    audit_rig r;
    (void)r.take_unsigned("@carl:here.example");
    BOOST_TEST(of_kind<note>(r.hear(r.begin(), check)).empty());
    BOOST_TEST((r.described() == counts{0, 0}));
  }
}

BOOST_AUTO_TEST_CASE(question_that_was_lost_leaves_it_to_the_next_incarnation) {
  audit_rig r;
  (void)r.take_unsigned("@carl:here.example");
  (void)r.begin();
  r.after(room::pending_questions::verifier_patience_ms);
  auto [question, nobody] = r.expired<doubtful_memberships>();
  r.audit.answered(question, nobody);
  BOOST_TEST(r.take().empty());
  BOOST_TEST((r.described() == counts{0, 0}));
}

BOOST_AUTO_TEST_CASE(list_is_bounded_and_its_total_is_told) {
  audit_rig r;
  constexpr auto more = room::described_max + 3;
  for (std::size_t i = 0; i < more; ++i) (void)r.take_unsigned("@u" + std::to_string(i) + ":here.example");
  BOOST_TEST(of_kind<note>(r.hear(r.begin(), event_check::bad_signature)).size() == more);
  BOOST_TEST((r.described() == counts{room::described_max, static_cast<std::int64_t>(more)}));
}

BOOST_AUTO_TEST_SUITE_END()

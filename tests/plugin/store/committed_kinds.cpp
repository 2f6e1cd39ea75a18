#include "plugin/store/committed_kinds.hpp"

#include "messages/crash_point.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace causeway::store {
BOOST_AUTO_TEST_SUITE(store_committed_kinds)

#ifdef CAUSEWAY_CRASH_POINTS

namespace {

std::vector<crash::point> passed_points;

/// Names of what is passed before and after the commit of one batch.
std::string passed_around(std::vector<write> rows) {
  store_batch batch;
  batch.writes = std::move(rows);
  passed_points.clear();
  crash::detail::on_pass = [](crash::point x) { passed_points.push_back(x); };
  pass_before_commit({&batch, 1});
  pass_after_commit({&batch, 1});
  crash::detail::on_pass = nullptr;
  std::string out;
  for (const auto x : passed_points) {
    if (!out.empty()) out += ' ';
    out += crash::points[static_cast<std::size_t>(x)].name;
  }
  return out;
}

put_invitation invitation_row(invitation_direction direction, invitation_state state) {
  put_invitation x;
  x.direction = direction;
  x.state = state;
  return x;
}

} // namespace

BOOST_AUTO_TEST_CASE(events_of_a_command_are_the_commands_and_those_alone_are_another_servers) {
  BOOST_TEST(passed_around({put_event{}, queue_pdu{}, put_command_result{}}) ==
             "command_before_commit command_after_commit");
  BOOST_TEST(passed_around({put_event{}}) == "pdus_before_commit pdus_after_commit");
  BOOST_TEST(passed_around({put_event{}, queue_pdu{}}) == "");
}

BOOST_AUTO_TEST_CASE(a_transaction_is_formed_where_its_row_holds_pdus) {
  put_destination row;
  BOOST_TEST(passed_around({row}) == "");
  row.transaction_pdus = {"$one"};
  BOOST_TEST(passed_around({row}) == "transaction_before_commit transaction_after_commit");
  BOOST_TEST(passed_around({remove_destination_pdus{}, put_destination{}}) ==
             "delivery_before_commit delivery_after_commit");
}

BOOST_AUTO_TEST_CASE(invitations_are_told_apart_by_direction_and_state) {
  using enum invitation_direction;
  using enum invitation_state;
  BOOST_TEST(passed_around({invitation_row(outgoing, sending)}) == "invitation_before_commit invitation_after_commit");
  BOOST_TEST(passed_around({invitation_row(outgoing, pending)}) ==
             "invitation_taken_before_commit invitation_taken_after_commit");
  BOOST_TEST(passed_around({invitation_row(incoming, pending)}) == "invite_before_commit invite_after_commit");
  BOOST_TEST(passed_around({invitation_row(incoming, accepted)}) == "");
  BOOST_TEST(passed_around({invitation_row(knock, pending)}) == "");
}

BOOST_AUTO_TEST_CASE(acknowledgements_answers_and_markers_have_points_of_their_own) {
  BOOST_TEST(passed_around({acknowledge_outbox{}}) == "ack_before_commit ack_after_commit");
  BOOST_TEST(passed_around({put_received_transaction{}}) == "answer_before_commit");
  BOOST_TEST(passed_around({put_receipt{}}) == "receipt_before_commit receipt_after_commit");
}

#endif

BOOST_AUTO_TEST_SUITE_END()
} // namespace causeway::store

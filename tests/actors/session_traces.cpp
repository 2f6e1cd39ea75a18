#include "tests/actors/session_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(session_traces)

namespace {

const auto chat_peer = connection("p");
constexpr const char* theirs = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// A connected peer that has sent a command under this `traceparent`.
struct traced {
  session_rig rig;
  explicit traced(std::optional<std::string> traceparent) {
    rig.begin();
    rig.hello(chat_peer);
    rig.take(chat_peer);
    edge::command_header header;
    header.id = "c1";
    header.command = chat::member_leave::name;
    header.traceparent = std::move(traceparent);
    rig.from(chat_peer, edge::verb::command, edge::encode_header(header),
             chat::encode(chat::command{chat::member_leave{"r1", "@u:a.example"}}));
    BOOST_REQUIRE(rig.commands.size() == 1u);
  }
  trace_id ours() const { return rig.commands.front().reference.trace; }
  std::string expected() const { return "00-0af7651916cd43dd8448eb211c80319c-" + trace_text(ours()) + "-01"; }
  std::optional<std::string> of_result() {
    message done{command_done{rig.commands.front().reference, true, chat::encode(chat::answer{chat::empty_answer{}})}};
    done.trace = ours();
    rig.give(std::move(done));
    return edge::decode_header<edge::result_header>(rig.only(chat_peer).header)->traceparent;
  }
  /// Of the EVENT of a notification that is committed under this trace.
  std::optional<std::string> of_event(trace_id trace) {
    const auto cursor = rig.store.add(0, "message.received", "body");
    message advanced{outbox_advanced{{{0, cursor}}}};
    advanced.trace = trace;
    rig.give(std::move(advanced));
    return edge::decode_header<edge::event_header>(rig.only(chat_peer).header)->traceparent;
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(the_result_and_the_events_of_a_traced_command_are_of_its_trace) {
  traced t{theirs};
  BOOST_TEST(t.of_event(t.ours()).value() == t.expected());
  BOOST_TEST(!t.of_event(t.ours() + 1'000)); // of something else
  BOOST_TEST(t.of_result().value() == t.expected());
}

BOOST_AUTO_TEST_CASE(a_malformed_traceparent_is_as_none) {
  for (const std::optional<std::string>& odd : {std::optional<std::string>{}, {"00-xyz"}, {std::string(4'000, '0')}}) {
    traced t{odd};
    BOOST_TEST(!t.of_event(t.ours()));
    BOOST_TEST(!t.of_result());
  }
}

BOOST_AUTO_TEST_SUITE_END()

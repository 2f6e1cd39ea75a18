// What a node says while its lease is held, while it is not, and when another node has its place.
#include "plugin/node_voice.hpp"

#include "tests/plugin/edge/edge_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>

using namespace causeway;
using test::dealer;
using test::edge_rig;

namespace {

/// A voice, and a peer who hears it.
struct heard_voice {
  edge_rig rig;
  dealer peer{rig.context, rig.chat()};
  edge::connection to;
  std::shared_ptr<store::lease> held = std::make_shared<store::lease>();
  node_voice voice;

  explicit heard_voice(bool shares_store = true) {
    peer.send({"CW1", "P", "\x80", "hello"});
    const auto got = rig.next();
    BOOST_REQUIRE(got);
    to = got->first;
    voice.open(*rig.served, shares_store ? held : nullptr);
  }
  void let_lease_run_out() { held->renewed(store::boot_time_ms() - store::silence_after_ms); }
  void renew() {
    held->renewed(store::boot_time_ms());
    voice.go_on();
  }
  void say(const std::string& words) { voice.send(to, {edge::verb::pong, "\x80", words}); }
  /// Past the voice: what is heard before it was not held back.
  void say_aside(const std::string& words) { rig.served->send(to, {edge::verb::pong, "\x80", words}); }
  std::string hear() {
    const auto parts = peer.receive();
    return parts.size() == 4 ? parts[3] : "nothing";
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(voice_of_a_node)

BOOST_AUTO_TEST_CASE(a_node_that_has_its_store_alone_is_never_silent) {
  heard_voice x{false};
  x.say("first");
  BOOST_TEST(x.hear() == "first");
}

BOOST_AUTO_TEST_CASE(what_is_to_be_said_without_a_lease_waits_in_its_order_for_the_renewal) {
  heard_voice x;
  x.renew();
  x.say("with it");
  BOOST_TEST(x.hear() == "with it");
  x.let_lease_run_out();
  x.say("first");
  x.say("second");
  x.voice.go_on(); // it was not renewed
  x.say_aside("aside");
  BOOST_TEST(x.hear() == "aside");
  x.held->renewed(store::boot_time_ms());
  x.say("third"); // renewed, and not yet gone on: behind the others
  x.voice.go_on();
  x.say("fourth");
  for (const auto* words : {"first", "second", "third", "fourth"}) BOOST_TEST(x.hear() == words);
}

BOOST_AUTO_TEST_CASE(what_waited_is_never_said_where_another_node_has_its_place) {
  heard_voice x;
  x.let_lease_run_out();
  x.say("first");
  x.held->lose("another one is there");
  x.renew();
  x.say("second");
  x.say_aside("aside");
  BOOST_TEST(x.hear() == "aside");
}

BOOST_AUTO_TEST_SUITE_END()

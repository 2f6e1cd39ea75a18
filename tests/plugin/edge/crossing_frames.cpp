#include "plugin/edge/crossing_frames.hpp"

#include "tests/messages/chat/packed.hpp"
#include "tests/vectors.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace causeway;
using edge::link_frame;
using edge::parcel;
using test::map;
using test::packed;
using test::str;

BOOST_AUTO_TEST_SUITE(crossing_frames)

namespace {

result<link_frame> round_trip(const link_frame& x, std::string_view server_name = "a.example") {
  return edge::decode_crossing({x.what ? edge::verb::event : edge::verb::ack,
                                edge::encode_crossing_header(x, "a.example"), x.what ? x.what->body : ""},
                               server_name);
}
std::string why_not(const std::string& header, edge::verb what = edge::verb::event) {
  return test::why(edge::decode_crossing({what, header, ""}, "a"));
}

} // namespace

BOOST_AUTO_TEST_CASE(frame_is_read_as_it_was_written) {
  for (std::size_t kind = 0; kind < actor_kinds; ++kind)
    for (const auto what : {parcel::kind::message, parcel::kind::returned, parcel::kind::last, parcel::kind::last_seen,
                            parcel::kind::unread}) {
      parcel x{
        what, 255, 9, {static_cast<actor_kind>(kind), "!r\xff"}, {actor_kind::node, ""}, std::string(9'000, '\xff')};
      if (kind % 2 == 0) x.shard.reset();
      const auto got = round_trip({3, 4, 5, 6, 8, true, false, 7, std::make_shared<const parcel>(x)});
      BOOST_REQUIRE_MESSAGE(got, test::why(got));
      BOOST_TEST((got->from == 3 && got->to == 4 && got->generation == 5u && got->received == 6u && got->number == 7u &&
                  got->last == 8u));
      BOOST_TEST((got->has_gap && !got->asks));
      BOOST_TEST((got->what->what == what && got->what->shard == x.shard && got->what->epoch == 9u));
      BOOST_TEST((got->what->from == x.from && got->what->to == x.to && got->what->body == x.body));
    }
  const auto bare = round_trip({-1, 4, 5, 6, 8, false, true, 0, nullptr});
  BOOST_REQUIRE(bare);
  BOOST_TEST((!bare->what && bare->asks && bare->number == 0u && bare->from == -1));
}

BOOST_AUTO_TEST_CASE(frame_of_another_homeserver_is_refused) {
  const auto got = round_trip({3, 4, 5, 6, 8, false, false, 0, nullptr}, "b.example");
  BOOST_REQUIRE(!got);
  BOOST_TEST((got.error().code == fault_code::role_denied));
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_a_header_is_named) {
  BOOST_TEST(why_not("") == "bad_frame: header: server_name is missing");
  BOOST_TEST(why_not("\xc1") == "bad_frame: header: it is not msgpack");
  BOOST_TEST(why_not(map({}), edge::verb::hello) == "bad_frame: header: the verb is neither EVENT nor ACK");
  BOOST_TEST(why_not(std::string(20'000, '\xc0')) == "bad_frame: header: it is too large");
  const auto with = [](std::uint64_t number, std::uint32_t shard) {
    const auto nobody = map({{"kind", str("room")}, {"key", str("")}});
    return map({{"server_name", str("a")},
                {"from", packed(1)},
                {"to", packed(2)},
                {"generation", packed(1)},
                {"received", packed(0)},
                {"last", packed(0)},
                {"parcel", map({{"number", packed(number)},
                                {"what", str("last")},
                                {"shard", packed(shard)},
                                {"from", nobody},
                                {"to", nobody}})}});
  };
  BOOST_TEST(why_not(with(1, 255)) == "");
  BOOST_TEST(why_not(with(1, 256)) == "bad_frame: header: there is no such shard");
  BOOST_TEST(why_not(with(0, 1)) == "bad_frame: header: a parcel has no number");
}

BOOST_AUTO_TEST_SUITE_END()

#include "messages/matrix/request_auth.hpp"
#include "messages/matrix/signing.hpp"
#include "tests/vectors.hpp"

#include <map>

/// Real traffic between two Synapses in rooms of versions 10, 11 and 12: every hash, id and signature in it has to
/// verify.
namespace causeway::matrix {
BOOST_AUTO_TEST_SUITE(captured_traffic)

namespace {

/// Keys of both servers, as they answered themselves.
const std::map<std::string, verify_keys>& keys_by_server() {
  static const auto keys = [] {
    std::map<std::string, verify_keys> out;
    for (auto name : {"captures/key_server_hs1.json", "captures/key_server_hs2.json"}) {
      const auto x = test::load_vectors(name);
      const auto& server = test::string_at(x, "server_name");
      auto checked = check_server_keys(*x.as_object(), server, *x.find_integer("valid_until_ts") - 1);
      BOOST_REQUIRE(checked);
      out.emplace(server, *checked);
    }
    return out;
  }();
  return keys;
}

struct tally {
  int events = 0;
  int signatures = 0;
};

event_ptr check_pdu(const json::object& pdu, const room_version_rules& rules, tally& seen) {
  auto made = make_event(pdu, rules);
  BOOST_REQUIRE_MESSAGE(made, test::why(made) << " in " << json::canonical(pdu));
  const auto& x = **made;
  ++seen.events;
  const auto digested = digest(x);
  BOOST_TEST(digested.content_hash_matches, x.event_id);
  for (const auto& [server, of_server] : *x.source.find("signatures")->as_object()) {
    BOOST_TEST((check_event_signature(x, digested.signed_bytes, server, keys_by_server().at(server)) ==
                signature_verdict::valid),
               x.event_id);
    seen.signatures += static_cast<int>(of_server.as_object()->size());
  }
  for (const auto& server : required_signers(x, kept_as::whole))
    BOOST_TEST(x.source.find("signatures")->as_object()->contains(server));
  BOOST_TEST((*parse_event(x.to_json(), rules))->event_id == x.event_id);
  return *made;
}

const room_version_rules& rules_of(std::string_view room) { return *find_room_version(room); }

std::string folder(std::string_view room, std::string_view what) {
  return "captures/room_v" + std::string{room} + '/' + std::string{what};
}

/// The part of a target after its last '/', without the query, percent-decoded as far as ids need it.
std::string last_part(const std::string& uri) {
  auto part = uri.substr(uri.rfind('/') + 1);
  part = part.substr(0, part.find('?'));
  const auto escape = part.find("%24");
  if (escape == std::string::npos) return part;
  return part.substr(0, escape) + '$' + part.substr(escape + 3);
}

} // namespace

BOOST_AUTO_TEST_CASE(every_captured_event_verifies) {
  tally seen;
  for (auto room : {"10", "11", "12"})
    for (const auto& path : test::vector_files(folder(room, "pdus")))
      check_pdu(*test::load_json(path).as_object(), rules_of(room), seen);
  BOOST_TEST(seen.events == 88);
  BOOST_TEST(seen.signatures == 93);
}

BOOST_AUTO_TEST_CASE(answers_to_transactions_name_our_event_ids) {
  tally seen;
  for (auto room : {"10", "11", "12"})
    for (const auto& path : test::vector_files(folder(room, "exchanges"))) {
      if (path.filename().string().find("PUT_v1_send_pdu") != 0) continue;
      const auto x = test::load_json(path);
      const auto& told = test::object_at(test::at(x, "response"), "pdus");
      for (const auto& pdu : test::array_at(test::at(x, "request"), "pdus"))
        BOOST_TEST(told.contains(check_pdu(*pdu.as_object(), rules_of(room), seen)->event_id));
    }
  BOOST_TEST(seen.events >= 6);
}

BOOST_AUTO_TEST_CASE(events_in_join_leave_knock_and_invite_requests_have_the_id_of_their_path) {
  tally seen;
  for (auto room : {"10", "11", "12"})
    for (const auto& path : test::vector_files(folder(room, "exchanges"))) {
      const auto name = path.filename().string();
      const bool invite = name.find("PUT_v2_invite") == 0;
      if (!invite && name.find("PUT_v2_send_") != 0 && name.find("PUT_v1_send_knock") != 0) continue;
      const auto x = test::load_json(path);
      const auto& request = test::at(x, "request");
      const auto made =
        check_pdu(invite ? test::object_at(request, "event") : *request.as_object(), rules_of(room), seen);
      BOOST_TEST(made->event_id == last_part(test::string_at(x, "uri")), name);
      if (const auto* answered = test::at(x, "response").find_object("event"))
        BOOST_TEST(check_pdu(*answered, rules_of(room), seen)->event_id == made->event_id, name);
    }
  BOOST_TEST(seen.events > 15);
}

BOOST_AUTO_TEST_CASE(room_of_a_join_answer_hangs_together) {
  for (auto room : {"10", "11", "12"}) {
    tally seen;
    const auto x = test::load_json(test::vector_path(folder(room, "exchanges/PUT_v2_send_join.json")));
    const auto& answer = test::at(x, "response");
    std::map<std::string, event_ptr> events;
    for (auto list : {"state", "auth_chain"})
      for (const auto& pdu : test::array_at(answer, list)) {
        auto made = check_pdu(*pdu.as_object(), rules_of(room), seen);
        events.emplace(made->event_id, made);
      }
    // Ids are right when the events find each other by them.
    std::string room_id;
    for (const auto& [id, event] : events) {
      for (const auto& cited : event->auth_events) BOOST_TEST(events.contains(cited), cited << " of " << id);
      if (event->is_state("m.room.create")) room_id = event->room_id;
    }
    for (const auto& [id, event] : events) BOOST_TEST(event->room_id == room_id, id);
  }
}

BOOST_AUTO_TEST_CASE(every_captured_request_verifies) {
  int verified = 0;
  for (auto room : {"10", "11", "12"})
    for (const auto& path : test::vector_files(folder(room, "exchanges"))) {
      const auto x = test::load_json(path);
      const auto header = parse_x_matrix(test::string_at(test::at(x, "request_headers"), "Authorization"));
      BOOST_REQUIRE(header);
      const auto& host = test::string_at(test::at(x, "request_headers"), "Host");
      BOOST_TEST(header->destination.value() == host);
      const auto& key = keys_by_server().at(header->origin).at(header->key_id);
      const auto& content = test::at(x, "request");
      const auto bytes = request_signed_bytes(test::string_at(x, "method"), test::string_at(x, "uri"), header->origin,
                                              host, content.is_null() ? nullptr : &content);
      BOOST_TEST(verify_signature(key.public_key_base64, header->signature, bytes), path);
      BOOST_TEST(!verify_signature(key.public_key_base64, header->signature, bytes + ' '), path);
      ++verified;
    }
  BOOST_TEST(verified == 89);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::matrix

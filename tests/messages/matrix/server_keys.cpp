#include "messages/matrix/signing.hpp"
#include "tests/vectors.hpp"

namespace causeway::matrix {
BOOST_AUTO_TEST_SUITE(server_keys)

namespace {

constexpr std::int64_t now = 1'700'000'000'000;
constexpr auto day = std::int64_t{24} * 60 * 60 * 1000;

signing_key key(char seed) { return *signing_key::from_seed(std::string(32, seed), std::string{"ed25519:"} + seed); }

json::object document(std::int64_t valid_until_ts = now + day) {
  return server_keys_document("h", key('a'), {{"ed25519:old", key('o').public_key_base64(), now - day}},
                              valid_until_ts);
}

/// The document after `change`, signed again.
template <class Change>
json::object changed(Change change) {
  auto x = document();
  change(x);
  x.erase("signatures");
  sign_json(x, "h", key('a'));
  return x;
}

fault_code code_of(const json::object& x) {
  auto checked = check_server_keys(x, "h", now);
  return checked ? fault_code::none : checked.error().code;
}

} // namespace

BOOST_AUTO_TEST_CASE(captured_answers_are_accepted) {
  for (auto name : {"1", "2"}) {
    const auto x = test::load_json(test::vector_path(std::string{"captures/key_server_hs"} + name + ".json"));
    const auto& server = test::string_at(x, "server_name");
    const auto until = *x.find_integer("valid_until_ts");
    const auto keys = check_server_keys(*x.as_object(), server, until - day);
    BOOST_REQUIRE(keys);
    BOOST_TEST(keys->size() == 1u);
    BOOST_TEST(keys->begin()->second.valid_until_ts == until);
    BOOST_TEST(!keys->begin()->second.is_old);
  }
}

BOOST_AUTO_TEST_CASE(own_answer_is_accepted_with_its_old_keys) {
  const auto keys = check_server_keys(document(), "h", now);
  BOOST_REQUIRE(keys);
  BOOST_TEST((keys->at("ed25519:a") == verify_key{key('a').public_key_base64(), now + day, false}));
  BOOST_TEST((keys->at("ed25519:old") == verify_key{key('o').public_key_base64(), now - day, true}));
}

BOOST_AUTO_TEST_CASE(no_answer_is_trusted_for_more_than_seven_days) {
  BOOST_TEST(check_server_keys(document(now + 100 * day), "h", now)->at("ed25519:a").valid_until_ts == now + 7 * day);
}

BOOST_AUTO_TEST_CASE(answer_of_another_server_is_refused) {
  BOOST_TEST((check_server_keys(document(), "other", now).error().code == fault_code::bad_json));
}

BOOST_AUTO_TEST_CASE(unsigned_or_forged_answers_are_refused) {
  auto x = document();
  x.set("valid_until_ts", now + 2 * day);
  BOOST_TEST((code_of(x) == fault_code::bad_signature));
  x.erase("signatures");
  BOOST_TEST((code_of(x) == fault_code::bad_signature));
}

BOOST_AUTO_TEST_CASE(current_key_that_did_not_sign_is_left_out) {
  const auto x = changed([](json::object& d) {
    d.find("verify_keys")->as_object()->set("ed25519:b", json::object{{"key", key('b').public_key_base64()}});
    d.find("verify_keys")->as_object()->set("rsa:1", json::object{{"key", "x"}});
  });
  const auto keys = check_server_keys(x, "h", now);
  BOOST_REQUIRE(keys);
  BOOST_TEST(keys->contains("ed25519:a"));
  BOOST_TEST(!keys->contains("ed25519:b"));
  auto signed_by_both = x;
  sign_json(signed_by_both, "h", key('b'));
  BOOST_TEST(check_server_keys(signed_by_both, "h", now)->contains("ed25519:b"));
}

BOOST_AUTO_TEST_CASE(malformed_answers_are_refused) {
  BOOST_TEST((code_of({}) == fault_code::bad_json));
  BOOST_TEST((code_of(changed([](json::object& d) { d.erase("valid_until_ts"); })) == fault_code::bad_json));
  BOOST_TEST((code_of(changed([](json::object& d) { d.set("valid_until_ts", "soon"); })) == fault_code::bad_json));
  BOOST_TEST((code_of(changed([](json::object& d) { d.set("verify_keys", json::array{}); })) == fault_code::bad_json));
  BOOST_TEST((code_of(changed([](json::object& d) {
                d.find("verify_keys")->as_object()->set("ed25519:s", json::object{{"key", "AA"}});
              })) == fault_code::bad_json));
  BOOST_TEST(
    (code_of(changed([](json::object& d) { d.set("verify_keys", json::object{}); })) == fault_code::bad_signature));
}

BOOST_AUTO_TEST_CASE(malformed_old_keys_are_left_out) {
  const auto x = changed([](json::object& d) {
    auto& old = *d.find("old_verify_keys")->as_object();
    old.set("ed25519:never", json::object{{"key", key('n').public_key_base64()}});
    old.set("ed25519:short", json::object{{"key", "AA"}, {"expired_ts", 1}});
    old.set("what", json::object{{"key", key('n').public_key_base64()}, {"expired_ts", 1}});
    old.set("ed25519:list", json::array{});
  });
  const auto keys = check_server_keys(x, "h", now);
  BOOST_REQUIRE(keys);
  BOOST_TEST(keys->size() == 2u);
  BOOST_TEST((code_of(changed([](json::object& d) { d.set("old_verify_keys", 7); })) == fault_code::none));
}

BOOST_AUTO_TEST_CASE(number_of_keys_is_bounded) {
  const auto x = changed([](json::object& d) {
    for (std::size_t i = 0; i < limits::server_keys_max; ++i)
      d.find("old_verify_keys")
        ->as_object()
        ->set("ed25519:x" + std::to_string(i), json::object{{"key", key('n').public_key_base64()}, {"expired_ts", 1}});
  });
  BOOST_TEST((code_of(x) == fault_code::too_large));
}

BOOST_AUTO_TEST_CASE(merging_keeps_the_later_validity) {
  verify_keys known{{"ed25519:a", {"A", 100, false}}};
  merge_keys(known, {{"ed25519:a", {"A", 50, false}}, {"ed25519:b", {"B", 70, true}}});
  BOOST_TEST((known.at("ed25519:a") == verify_key{"A", 100, false}));
  BOOST_TEST((known.at("ed25519:b") == verify_key{"B", 70, true}));
  merge_keys(known, {{"ed25519:a", {"A", 150, false}}});
  BOOST_TEST(known.at("ed25519:a").valid_until_ts == 150);
}

BOOST_AUTO_TEST_CASE(retired_key_stays_retired_at_the_time_its_server_told) {
  verify_keys known{{"ed25519:a", {"A", 100, false}}};
  merge_keys(known, {{"ed25519:a", {"A", 40, true}}});
  BOOST_TEST((known.at("ed25519:a") == verify_key{"A", 40, true}));
  // A notary replays what it heard before the retirement.
  merge_keys(known, {{"ed25519:a", {"A", 500, false}}});
  BOOST_TEST((known.at("ed25519:a") == verify_key{"A", 40, true}));
}

BOOST_AUTO_TEST_CASE(another_key_under_a_known_id_replaces_it_and_the_former_stays_for_the_events_it_signed) {
  verify_keys known{{"ed25519:a", {"A", 100, false}}, {"ed25519:b", {"B", 100, false}}};
  const auto changed =
    merge_keys(known, {{"ed25519:a", {"A2", 90, false}}, {"ed25519:b", {"B", 120, false}}}, 60, key_source::itself);
  BOOST_TEST(changed == std::vector<std::string>{"ed25519:a"}, boost::test_tools::per_element());
  BOOST_TEST((known.at("ed25519:a") == verify_key{"A2", 90, false, {{"A", 60}}}));
  BOOST_TEST((known.at("ed25519:b") == verify_key{"B", 120, false}));
  // The same once more, and what a notary heard earlier, change nothing.
  BOOST_TEST(merge_keys(known, {{"ed25519:a", {"A2", 95, false}}}, 70, key_source::itself).empty());
  BOOST_TEST(merge_keys(known, {{"ed25519:a", {"A", 80, false}}}, 70, key_source::notary).empty());
  BOOST_TEST(known.at("ed25519:a").public_key_base64 == "A2");
  BOOST_TEST(known.at("ed25519:a").replaced.size() == 1u);
  // What a notary heard later does, and a retired key does not come back by it.
  BOOST_TEST(merge_keys(known, {{"ed25519:a", {"A3", 200, false}}}, 110, key_source::notary).size() == 1u);
  BOOST_TEST((known.at("ed25519:a").replaced.back() == replaced_key{"A2", 95}));
  verify_keys retired{{"ed25519:a", {"A", 40, true}}};
  BOOST_TEST(merge_keys(retired, {{"ed25519:a", {"A2", 500, false}}}, 110, key_source::notary).empty());
  BOOST_TEST(merge_keys(retired, {{"ed25519:a", {"A2", 500, false}}}, 110, key_source::itself).size() == 1u);
  BOOST_TEST((retired.at("ed25519:a").replaced.back() == replaced_key{"A", 40}));
}

BOOST_AUTO_TEST_CASE(a_server_that_shows_a_new_key_each_time_is_kept_with_the_last_few) {
  verify_keys known{{"ed25519:a", {"0", 100, false}}};
  for (int i = 1; i <= 20; ++i)
    merge_keys(known, {{"ed25519:a", {std::to_string(i), 100, false}}}, 50 + i, key_source::itself);
  BOOST_TEST(known.at("ed25519:a").public_key_base64 == "20");
  BOOST_TEST(known.at("ed25519:a").replaced.size() == replaced_keys_max);
  BOOST_TEST(known.at("ed25519:a").replaced.back().public_key_base64 == "19");
}

BOOST_AUTO_TEST_CASE(an_event_is_good_by_any_key_its_id_stood_for_in_its_time) {
  const auto signed_by = [](const signing_key& by, std::int64_t ts) {
    json::object pdu{{"type", "m.room.message"},     {"room_id", "!r:x"},           {"sender", "@a:x"},
                     {"content", json::object{}},    {"origin_server_ts", ts},      {"depth", 1},
                     {"prev_events", json::array{}}, {"auth_events", json::array{}}};
    return *hash_and_sign(std::move(pdu), *find_room_version("11"), "x", by);
  };
  const auto named = [](char seed) { return *signing_key::from_seed(std::string(32, seed), "ed25519:a"); };
  const auto now_key = named('n'), former = named('f'), stranger = named('s');
  const verify_keys keys{{"ed25519:a", {now_key.public_key_base64(), 200, false, {{former.public_key_base64(), 100}}}}};
  const auto verdict = [&](const signing_key& by, std::int64_t ts) {
    const auto x = signed_by(by, ts);
    return check_event_signature(*x, signed_bytes(x->source, x->rules()), "x", keys);
  };
  BOOST_TEST((verdict(now_key, 150) == signature_verdict::valid));
  BOOST_TEST((verdict(former, 100) == signature_verdict::valid));
  BOOST_TEST((verdict(former, 101) == signature_verdict::invalid)); // it was replaced by then
  BOOST_TEST((verdict(stranger, 50) == signature_verdict::invalid));
  BOOST_TEST((verdict(now_key, 201) == signature_verdict::unknown_key));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::matrix

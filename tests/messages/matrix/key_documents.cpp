#include "messages/matrix/key_documents.hpp"

#include "messages/matrix/signing.hpp"

#include <boost/test/unit_test.hpp>

#include <stdexcept>

using namespace causeway::matrix;

BOOST_AUTO_TEST_SUITE(key_documents_suite)

namespace {

signing_key key_of(char letter) {
  auto key = signing_key::from_seed(std::string(32, letter), std::string{"ed25519:"} + letter);
  if (!key) throw std::runtime_error("no key");
  return *key;
}

json::object document(char letter, std::int64_t valid_until_ts, const std::vector<old_signing_key>& old = {}) {
  return server_keys_document("a.example", key_of(letter), old, valid_until_ts);
}

bool lists(const json::object& document, const std::string& key_id) {
  return document.find("verify_keys")->find(key_id) != nullptr;
}

} // namespace

BOOST_AUTO_TEST_CASE(later_document_replaces_one_that_proves_nothing_more) {
  const auto one = with_document({}, document('k', 1'000), "a.example");
  const auto two = with_document(one, document('k', 2'000), "a.example");
  BOOST_REQUIRE(two.size() == 1u);
  BOOST_TEST(*json::parse(two[0])->find_integer("valid_until_ts") == 2'000);
  // An older one that comes late (by way of a notary) changes nothing.
  BOOST_TEST(with_document(two, document('k', 1'500), "a.example") == two, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(document_of_a_key_that_is_no_longer_listed_stays) {
  auto all = with_document({}, document('k', 1'000), "a.example");
  all = with_document(all, document('m', 2'000), "a.example");
  BOOST_REQUIRE(all.size() == 2u);
  BOOST_TEST(lists(documents_with(all, {"ed25519:k"}).at(0), "ed25519:k"));
  BOOST_TEST(documents_with(all, {"ed25519:k"}).size() == 1u);
  BOOST_TEST(documents_with(all, {}).size() == 2u);
  BOOST_TEST(lists(documents_with(all, {"ed25519:unknown"}).at(0), "ed25519:m")); // the latest, for want of it
  // Once the key is listed as an old one, that is proof enough.
  all = with_document(all, document('m', 3'000, {{"ed25519:k", key_of('k').public_key_base64(), 1'200}}), "a.example");
  BOOST_TEST(all.size() == 1u);
}

BOOST_AUTO_TEST_CASE(countersignatures_of_notaries_are_not_kept) {
  auto told = document('k', 1'000);
  sign_json(told, "notary.example", key_of('n'));
  const auto kept = documents_with(with_document({}, told, "a.example"), {}).at(0);
  BOOST_TEST(!kept.find("signatures")->find("notary.example"));
  BOOST_TEST(bool(check_server_keys(kept, "a.example", 500)));
}

BOOST_AUTO_TEST_CASE(server_that_changes_its_key_without_end_fills_a_bounded_space) {
  key_documents all;
  const std::string letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  std::int64_t ts = 0;
  for (const char letter : letters) all = with_document(all, document(letter, ++ts), "a.example");
  BOOST_TEST(all.size() == key_documents_max);
  BOOST_TEST(lists(documents_with(all, {}).at(0), "ed25519:Z"));
  auto huge = document('k', 1'000'000);
  huge.set("padding", std::string(key_documents_bytes_max, 'x'));
  sign_json(huge, "a.example", key_of('k'));
  for (const auto& one : with_document(all, huge, "a.example")) BOOST_TEST(one.size() < key_documents_bytes_max);
}

BOOST_AUTO_TEST_CASE(what_the_signature_does_not_need_is_not_kept) {
  auto told = document('k', 1'000);
  const std::string padding(5'000, 'x');
  told.set("unsigned", json::object{{"padding", padding}});
  auto& own = *told.find("signatures")->as_object()->find("a.example")->as_object();
  own.set("ed25519:unlisted", padding);
  own.set("padding", json::object{{"padding", padding}});
  told.find("signatures")->as_object()->set("b.example", json::object{{"ed25519:x", padding}});
  BOOST_TEST(bool(check_server_keys(told, "a.example", 500)));
  const auto all = with_document({}, told, "a.example");
  BOOST_REQUIRE(all.size() == 1u);
  BOOST_TEST(all[0] == with_document({}, document('k', 1'000), "a.example").at(0));
  BOOST_TEST(bool(check_server_keys(documents_with(all, {}).at(0), "a.example", 500)));
  // The same for what an earlier build has written.
  BOOST_TEST(split_documents("[" + json::canonical(told) + "]") == all, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_document_with_a_signed_field_nobody_knows_is_kept_as_long_as_it_is_small) {
  auto told = document('k', 1'000);
  told.set("tls_fingerprints", json::array{});
  sign_json(told, "a.example", key_of('k'));
  BOOST_TEST(bool(check_server_keys(documents_with(with_document({}, told, "a.example"), {}).at(0), "a.example", 500)));
  told.set("tls_fingerprints", std::string(key_document_bytes_max, 'x'));
  sign_json(told, "a.example", key_of('k'));
  BOOST_TEST(bool(check_server_keys(told, "a.example", 500))); // its keys are good all the same
  BOOST_TEST(with_document({}, told, "a.example").empty());
  BOOST_TEST(split_documents("[" + json::canonical(told) + "]").empty());
}

BOOST_AUTO_TEST_CASE(documents_survive_the_store) {
  auto all = with_document({}, document('k', 1'000), "a.example");
  all = with_document(all, document('m', 2'000), "a.example");
  BOOST_TEST(split_documents(join_documents(all)) == all, boost::test_tools::per_element());
  BOOST_TEST(join_documents({}).empty());
  BOOST_TEST(split_documents("").empty());
  BOOST_TEST(split_documents("}{").empty());
  BOOST_TEST(split_documents(R"([1,"x"])").empty());
  BOOST_TEST(split_documents(all[0]).size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()

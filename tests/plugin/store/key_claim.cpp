#include "plugin/store/key_claim.hpp"

#include "tests/plugin/store/samples.hpp"

#include <boost/test/unit_test.hpp>

namespace causeway::store {
BOOST_AUTO_TEST_SUITE(store_key_claim)

namespace {

const public_key first{"ed25519:first", "AAAA"}, second{"ed25519:second", "BBBB"};

} // namespace

BOOST_AUTO_TEST_CASE(the_key_is_remembered_over_restarts) {
  scratch_folder folder;
  {
    auto store = must_open(folder.file());
    auto use = read_key_use(options_for(folder.file()));
    BOOST_REQUIRE(use);
    BOOST_TEST(!use->signed_with);
    BOOST_TEST(!use->is_used);
    BOOST_TEST(bool(write_key_use(options_for(folder.file()), first)));
    must_commit(*store, sample_head());
  }
  auto store = must_open(folder.file());
  auto use = read_key_use(options_for(folder.file()));
  BOOST_REQUIRE(use);
  BOOST_TEST((use->signed_with == first));
  BOOST_TEST(use->is_used);
  BOOST_TEST(bool(write_key_use(options_for(folder.file()), second)));
  BOOST_TEST((read_key_use(options_for(folder.file()))->signed_with == second));
}

BOOST_AUTO_TEST_CASE(another_key_is_refused_with_the_line_that_makes_it_allowed) {
  const key_use use{first, true};
  BOOST_TEST(bool(may_sign_with(use, first, {}, "signing.key", 77)));
  BOOST_TEST(bool(may_sign_with(use, second, {first}, "signing.key", 77)));
  BOOST_TEST(bool(may_sign_with({}, second, {}, "signing.key", 77)));
  BOOST_TEST(bool(may_sign_with({first, false}, second, {}, "signing.key", 77))); // nothing rests on it
  const auto refused = may_sign_with(use, second, {}, "signing.key", 77);
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == fault_code::forbidden));
  BOOST_TEST(refused.error().detail.find("`old_ed25519 first AAAA 77`") != std::string::npos, refused.error().detail);
}

BOOST_AUTO_TEST_CASE(another_key_under_the_same_id_is_refused_whatever_the_file_says) {
  const key_use use{first, true};
  const public_key same_id{"ed25519:first", "CCCC"};
  const auto refused = may_sign_with(use, same_id, {same_id}, "signing.key", 77);
  BOOST_REQUIRE(!refused);
  BOOST_TEST(refused.error().detail.find("old_ed25519") == std::string::npos);
  BOOST_TEST(refused.error().detail.find("the id of the former one") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_store_in_memory_remembers_nothing) {
  BOOST_TEST(bool(write_key_use(options_for(":memory:"), first)));
  BOOST_TEST(!read_key_use(options_for(":memory:"))->signed_with);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::store

#include "plugin/key_file.hpp"

#include "messages/matrix/identifiers.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>

#include <sys/stat.h>
#include <unistd.h>

using namespace causeway;

BOOST_AUTO_TEST_SUITE(key_file)

namespace {

struct scratch {
  std::filesystem::path path;
  scratch() {
    std::string pattern = (std::filesystem::temp_directory_path() / "causeway-key-XXXXXX").string();
    path = mkdtemp(pattern.data());
  }
  ~scratch() { std::filesystem::remove_all(path); }
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;
  std::string file(const std::string& name = "signing.key") const { return (path / name).string(); }
  std::string write(const std::string& text, mode_t mode = 0600) const {
    auto name = file();
    std::ofstream{name} << text;
    chmod(name.c_str(), mode);
    return name;
  }
};

// The seed of the specification's test vectors (appendices, "Cryptographic Test Vectors").
const std::string spec_seed = "YJDBA9Xnr2sVqXD9Vj7XVUnmFZcZrlw8Md7kMW+3XA1";
const std::string spec_public_key = "XGX0JRS2Af3be3knz2fBiRbApjm2Dh61gXDJA8kcJNI";

mode_t mode_of(const std::string& path) {
  struct stat about {};
  BOOST_REQUIRE_EQUAL(stat(path.c_str(), &about), 0);
  return about.st_mode & 07777U;
}

fault_code code_of(const result<matrix::signing_key>& x) { return x ? fault_code::none : x.error().code; }

} // namespace

BOOST_AUTO_TEST_CASE(first_start_makes_a_key_that_only_we_may_read) {
  scratch dir;
  auto key = load_key_file(dir.file(), true);
  BOOST_REQUIRE(key);
  BOOST_TEST(mode_of(dir.file()) == 0600U);
  BOOST_TEST(matrix::is_signing_key_id(key->key_id()));
  // No draft stays behind.
  BOOST_TEST(std::distance(std::filesystem::directory_iterator{dir.path}, {}) == 1);
  // The next start finds the same key.
  auto again = load_key_file(dir.file(), true);
  BOOST_REQUIRE(again);
  BOOST_TEST(again->key_id() == key->key_id());
  BOOST_TEST(again->public_key_base64() == key->public_key_base64());
}

BOOST_AUTO_TEST_CASE(two_new_keys_differ_in_key_and_id) {
  scratch dir;
  auto one = create_key_file(dir.file("one"));
  auto two = create_key_file(dir.file("two"));
  BOOST_REQUIRE(one && two);
  BOOST_TEST(one->public_key_base64() != two->public_key_base64());
  BOOST_TEST(one->key_id() != two->key_id());
}

BOOST_AUTO_TEST_CASE(rotated_key_becomes_an_old_one_and_everything_else_stays) {
  scratch dir;
  const auto path =
    dir.write("# made in spring\ned25519 first " + spec_seed + "\nold_ed25519 zero " + spec_public_key + " 77\n");
  auto fresh = rotate_key_file(path, 1'234'567);
  BOOST_REQUIRE(fresh);
  BOOST_TEST(mode_of(path) == 0600U);
  BOOST_TEST(std::distance(std::filesystem::directory_iterator{dir.path}, {}) == 1); // no draft stays behind
  auto now = read_key_file(path);
  BOOST_REQUIRE(now);
  BOOST_TEST(now->key_id() == fresh->key_id());
  BOOST_TEST(now->public_key_base64() != spec_public_key);
  auto old = read_old_keys(path);
  BOOST_REQUIRE(old);
  BOOST_REQUIRE(old->size() == 2U);
  BOOST_TEST(old->at(0).key_id == "ed25519:first");
  BOOST_TEST(old->at(0).public_key_base64 == spec_public_key);
  BOOST_TEST(old->at(0).expired_ts == 1'234'567);
  BOOST_TEST(old->at(1).key_id == "ed25519:zero");
  std::stringstream text;
  text << std::ifstream{path}.rdbuf();
  BOOST_TEST(text.str().find("# made in spring") != std::string::npos);
  BOOST_TEST(text.str().find(spec_seed) == std::string::npos); // the secret half is gone
  // Once more: both former keys stay.
  BOOST_REQUIRE(rotate_key_file(path, 2'345'678));
  BOOST_TEST(read_old_keys(path)->size() == 3U);
}

BOOST_AUTO_TEST_CASE(only_a_whole_key_file_is_rotated) {
  scratch dir;
  BOOST_TEST((rotate_key_file(dir.file(), 1).error().code == fault_code::not_found));
  BOOST_TEST((rotate_key_file(dir.write("ed25519 first nonsense\n"), 1).error().code == fault_code::invalid_param));
  BOOST_TEST((rotate_key_file(dir.write("ed25519 first " + spec_seed + "\nold_ed25519 x\n"), 1).error().code ==
              fault_code::invalid_param));
}

BOOST_AUTO_TEST_CASE(a_store_with_rooms_gets_no_new_key) {
  scratch dir;
  auto key = load_key_file(dir.file(), false);
  BOOST_REQUIRE(!key);
  BOOST_TEST((key.error().code == fault_code::not_found));
  BOOST_TEST(!std::filesystem::exists(dir.file()));
}

BOOST_AUTO_TEST_CASE(existing_key_is_never_overwritten) {
  scratch dir;
  BOOST_REQUIRE(create_key_file(dir.file()));
  BOOST_TEST((code_of(create_key_file(dir.file())) == fault_code::already_exists));
  BOOST_TEST(std::distance(std::filesystem::directory_iterator{dir.path}, {}) == 1);
}

BOOST_AUTO_TEST_CASE(key_of_synapse_is_read) {
  scratch dir;
  auto key = read_key_file(dir.write("ed25519 a_RXGa " + spec_seed + "\n"));
  BOOST_REQUIRE(key);
  BOOST_TEST(key->key_id() == "ed25519:a_RXGa");
  BOOST_TEST(key->public_key_base64() == spec_public_key);
}

BOOST_AUTO_TEST_CASE(what_we_write_is_what_synapse_reads) {
  scratch dir;
  auto key = create_key_file(dir.file());
  BOOST_REQUIRE(key);
  std::ifstream in{dir.file()};
  std::string algorithm, id, seed, rest;
  in >> algorithm >> id >> seed;
  BOOST_TEST(algorithm == "ed25519");
  BOOST_TEST("ed25519:" + id == key->key_id());
  BOOST_TEST(seed.size() == 43U); // 32 bytes in unpadded base64
  BOOST_TEST(!(in >> rest));
}

BOOST_AUTO_TEST_CASE(blank_lines_comments_and_line_ends_of_windows_are_skipped) {
  auto key = parse_key_file("\n# moved from the old server\r\n\t ed25519  a1   " + spec_seed + "= \r\n\n");
  BOOST_REQUIRE(key);
  BOOST_TEST(key->key_id() == "ed25519:a1");
}

BOOST_AUTO_TEST_CASE(key_that_others_may_read_is_refused) {
  scratch dir;
  for (mode_t mode : {0604U, 0640U, 0660U, 0601U}) {
    auto key = read_key_file(dir.write("ed25519 a1 " + spec_seed, mode));
    BOOST_REQUIRE(!key);
    BOOST_TEST((key.error().code == fault_code::forbidden));
    BOOST_TEST(key.error().detail.find("chmod 600") != std::string::npos);
  }
  BOOST_TEST((code_of(load_key_file(dir.file(), true)) == fault_code::forbidden));
}

BOOST_AUTO_TEST_CASE(directory_or_oversized_file_is_refused) {
  scratch dir;
  BOOST_TEST((code_of(read_key_file(dir.path.string())) == fault_code::forbidden));
  BOOST_TEST((code_of(read_key_file(dir.write(std::string(5'000, '#')))) == fault_code::too_large));
  BOOST_TEST((code_of(read_key_file(dir.file("absent"))) == fault_code::not_found));
  BOOST_TEST((code_of(create_key_file(dir.file("absent/signing.key"))) == fault_code::store_failed));
}

BOOST_AUTO_TEST_CASE(malformed_keys_are_refused_without_printing_them) {
  const std::string secret = "SECRETSECRETSECRETSECRETSECRETSECRETSECRET0";
  const std::vector<std::string> malformed = {"",
                                              "# nothing",
                                              "rsa a1 " + secret,
                                              "ed25519 a1",
                                              "ed25519 a1 " + secret + " more",
                                              "ed25519 a:1 " + secret,
                                              "ed25519 a1 c2hvcnQ",
                                              "ed25519 a1 !!!!",
                                              "ed25519 a1 " + spec_seed + "\ned25519 a2 " + spec_seed};
  for (const auto& text : malformed) {
    auto key = parse_key_file(text);
    BOOST_REQUIRE_MESSAGE(!key, text);
    BOOST_TEST((key.error().code == fault_code::invalid_param));
    BOOST_TEST(key.error().detail.find(secret) == std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(old_keys_stand_beside_the_one_that_signs) {
  const auto old = "old_ed25519 a0 " + spec_seed + " 1600000000000\n"; // any 32 bytes pass for a public key
  const auto text = "ed25519 a1 " + spec_seed + "\n" + old;
  BOOST_TEST(bool(parse_key_file(text)));
  auto keys = parse_old_keys(text);
  BOOST_REQUIRE(keys);
  BOOST_REQUIRE(keys->size() == 1u);
  BOOST_TEST(keys->at(0).key_id == "ed25519:a0");
  BOOST_TEST(keys->at(0).public_key_base64 == spec_seed);
  BOOST_TEST(keys->at(0).expired_ts == 1'600'000'000'000);
  for (const std::string wrong : {"old_ed25519 a0 AAAA 5", "old_ed25519 a0", "old_ed25519 a-0 ", "old_ed25519 a0 "})
    BOOST_TEST(!parse_old_keys(wrong + (wrong.ends_with(' ') ? spec_seed + " soon" : "")), wrong);
}

BOOST_AUTO_TEST_SUITE_END()

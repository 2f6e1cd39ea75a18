#include "plugin/private_files.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

using namespace causeway;

BOOST_AUTO_TEST_SUITE(private_files)

namespace {

namespace fs = std::filesystem;

/// A folder of its own with a umask of its own, both gone with the test.
struct place {
  fs::path path;
  mode_t before;
  explicit place(mode_t mask = 022) {
    std::string pattern = (fs::temp_directory_path() / "causeway-private-XXXXXX").string();
    path = mkdtemp(pattern.data());
    before = ::umask(mask);
  }
  ~place() {
    ::umask(before);
    fs::remove_all(path);
  }
  place(const place&) = delete;
  std::string at(const std::string& name) const { return (path / name).string(); }
};

mode_t mode_of(const std::string& path) {
  struct stat about {};
  BOOST_REQUIRE_MESSAGE(::lstat(path.c_str(), &about) == 0, path);
  return about.st_mode & 07777;
}

void write(const std::string& path, mode_t mode) {
  std::ofstream{path} << "x";
  ::chmod(path.c_str(), mode);
}

} // namespace

BOOST_AUTO_TEST_CASE(what_is_made_is_for_the_owner_alone_whatever_the_umask_says) {
  for (const mode_t mask : {0000U, 0022U, 0077U, 0777U}) {
    BOOST_TEST_CONTEXT("umask " << mask) {
      const place here{mask};
      BOOST_TEST(bool(open_private_file(here.at("file"), O_RDWR | O_CREAT)));
      BOOST_TEST(mode_of(here.at("file")) == 0600U);
      auto made = make_private_folder(here.at("a/b/c"));
      BOOST_REQUIRE(made);
      BOOST_TEST(*made);
      for (const auto* folder : {"a", "a/b", "a/b/c"}) BOOST_TEST(mode_of(here.at(folder)) == 0700U);
      BOOST_TEST(bool(write_secret_file(here.at("secret"), "old")));
      BOOST_TEST(bool(replace_secret_file(here.at("secret"), "new")));
      BOOST_TEST(mode_of(here.at("secret")) == 0600U);
      BOOST_TEST(*read_secret_file(here.at("secret")) == "new");
    }
  }
}

BOOST_AUTO_TEST_CASE(a_folder_that_is_there_stays_as_its_maker_wanted_it) {
  const place here;
  fs::create_directories(here.path / "shared");
  ::chmod(here.at("shared").c_str(), 0750);
  auto made = make_private_folder(here.at("shared"));
  BOOST_REQUIRE(made);
  BOOST_TEST(!*made);
  BOOST_TEST(mode_of(here.at("shared")) == 0750U);
  write(here.at("plain"), 0600);
  BOOST_TEST(!make_private_folder(here.at("plain/below")));
}

BOOST_AUTO_TEST_CASE(rights_of_others_to_a_file_of_ours_are_taken) {
  const place here;
  write(here.at("file"), 0664);
  BOOST_TEST(bool(open_private_file(here.at("file"), O_RDWR)));
  BOOST_TEST(mode_of(here.at("file")) == 0600U);
  BOOST_TEST(!open_private_file(here.at("absent"), O_RDWR));
  BOOST_TEST(!open_private_file(here.path.string(), O_RDONLY));
  BOOST_REQUIRE(::mkfifo(here.at("pipe").c_str(), 0600) == 0);
  BOOST_TEST(!open_private_file(here.at("pipe"), O_RDWR)); // and nobody waits at its other end
}

BOOST_AUTO_TEST_CASE(a_folder_is_closed_with_all_that_is_in_it_but_not_what_its_links_point_to) {
  const place here;
  fs::create_directories(here.path / "media/ab/cd");
  write(here.at("media/ab/cd/blob"), 0644);
  write(here.at("elsewhere"), 0644);
  fs::create_symlink(here.path / "elsewhere", here.path / "media/link");
  for (const auto* folder : {"media", "media/ab", "media/ab/cd"}) ::chmod(here.at(folder).c_str(), 0755);
  close_to_others(here.at("media"));
  for (const auto* folder : {"media", "media/ab", "media/ab/cd"}) BOOST_TEST(mode_of(here.at(folder)) == 0700U);
  BOOST_TEST(mode_of(here.at("media/ab/cd/blob")) == 0600U);
  BOOST_TEST(mode_of(here.at("elsewhere")) == 0644U);
}

BOOST_AUTO_TEST_SUITE_END()

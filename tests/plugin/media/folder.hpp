#pragma once
#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace causeway::media {

/// A folder of its own, gone with the test.
class folder {
public:
  folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "causeway-media-XXXXXX").string();
    BOOST_REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;
  ~folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }
  /// Regular files below `part`.
  std::size_t files(const std::string& part) const {
    std::size_t count = 0;
    for (const auto& x : std::filesystem::recursive_directory_iterator{path_ + "/" + part})
      count += x.is_regular_file();
    return count;
  }

private:
  std::string path_;
};

} // namespace causeway::media

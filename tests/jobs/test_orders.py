import pytest

from veil.errors import UsageError
from veil.jobs.orders import order_for, with_shaping
from veil.options import Options
from veil.types import Kind


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(Options(), Options(profile="fast", shape="box", grow=2.0), id="stage-find"),
        pytest.param(Options(), Options(color=(1, 2, 3)), id="colour-of-veil"),
        pytest.param(Options(), Options(strength=2.0), id="strength-of-veil"),
        pytest.param(Options(style="solid"), Options(style="solid", strength=2.0), id="strength-of-solid"),
        pytest.param(Options(), Options(voice_in="everywhere", background="lower"), id="where-to-mute"),
        pytest.param(Options(voice="beep"), Options(voice="beep", voice_in="speech"), id="where-to-beep"),
        pytest.param(Options(voice="keep"), Options(voice="keep", voice_in="speech", background="mute"), id="keep"),
        pytest.param(Options(format="jpg"), Options(format=".JPEG"), id="names-of-a-format"),
    ],
)
def test_results_that_do_not_differ_are_one(one: Options, other: Options) -> None:
    assert order_for(one, Kind.VIDEO).key == order_for(other, Kind.VIDEO).key


def test_results_that_differ_are_several() -> None:
    different = [
        Options(),
        Options(boxes=True),
        Options(format="png"),
        Options(quality=50),
        Options(style="solid"),
        Options(style="solid", color=(1, 2, 3)),
        Options(style="gaussian"),
        Options(style="gaussian", strength=2.0),
        Options(voice="keep"),
        Options(voice_in="speech"),
        Options(voice_in="speech", background="lower"),
        Options(voice="beep"),
        Options(voice="beep", voice_in="everywhere"),
        Options(codec="hevc"),
        Options(preset="fast"),
        Options(subtitles=True),
    ]
    assert len({order_for(each, Kind.VIDEO).key for each in different}) == len(different)


def test_what_is_said_of_videos_makes_no_difference_to_photos() -> None:
    spoken = Options(voice="keep", codec="hevc", preset="fast", subtitles=True)
    plain = order_for(Options())
    assert order_for(Options(voice="beep", voice_in="everywhere", background="mute")).key == plain.key
    assert order_for(spoken).key == plain.key == order_for(Options(), Kind.VIDEO).key


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(UsageError, match="exe"):
        order_for(Options(format="exe"))


def test_only_what_shapes_a_result_is_taken_over() -> None:
    mine = Options(profile="fast", grow=2.0, max_megapixels=5)
    assert with_shaping(mine, Options(style="solid", quality=50)) == Options(
        profile="fast", grow=2.0, max_megapixels=5, style="solid", quality=50
    )


def test_what_is_said_of_pictures_makes_no_difference_to_sound() -> None:
    beep = order_for(Options(voice="beep"), Kind.SOUND)
    assert order_for(Options(voice="beep", style="solid", quality=5, codec="vp9"), Kind.SOUND).key == beep.key
    different = [
        Options(voice="disguise"),
        Options(voice="beep", background="mute"),
        Options(voice="beep", format="mp3"),
    ]
    assert len({order_for(each, Kind.SOUND).key for each in different} | {beep.key}) == 4


def test_sound_alone_is_not_looked_at_again() -> None:
    assert not order_for(Options(voice="beep", verify=True), Kind.SOUND).options.verify
    assert order_for(Options(voice="beep", verify=True), Kind.VIDEO).options.verify

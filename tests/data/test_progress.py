from data.progress import no_progress, part_of


def test_parts_of_a_job_fill_the_whole_in_order() -> None:
    reported: list[tuple[float, float, str]] = []
    for at, name in enumerate(["first", "second"]):
        progress = part_of(lambda *call: reported.append(call), at, 2, name)
        progress(0, 4, "begins")
        progress(4, 4, "ends")
    assert [done for done, _, _ in reported] == [0, 1, 1, 2]
    assert {total for _, total, _ in reported} == {2}
    assert [note for _, _, note in reported] == ["first: begins", "first: ends", "second: begins", "second: ends"]


def test_a_part_without_units_has_not_begun() -> None:
    reported: list[tuple[float, float, str]] = []
    part_of(lambda *call: reported.append(call), 1, 3, "empty")(0, 0)
    assert reported == [(1, 3, "empty: ")]
    no_progress(1, 1)

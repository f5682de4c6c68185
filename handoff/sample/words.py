"""The names and the sentences of the sample company. All of it is invented; its addresses end in .example."""

from __future__ import annotations

from typing import NamedTuple

from accounts.choices import Team


class Colleague(NamedTuple):
    """Somebody of the two teams; the first three are offered on the sign-in page."""

    username: str
    name: str
    team: Team
    role: str
    time_zone: str


PEOPLE = [
    Colleague("mia", "Mia Novak", Team.MARKETING, "Marketing: nurtures and hands over", "Europe/Vienna"),
    Colleague("sam", "Sam Okafor", Team.SALES, "Sales: answers offers and works deals", "Europe/Vienna"),
    Colleague("ruth", "Ruth Lindqvist", Team.MANAGEMENT, "Management: funnel and settings", "Europe/Vienna"),
    Colleague("ines", "Inês Carvalho", Team.MARKETING, "Marketing: events and partners", "Europe/Lisbon"),
    Colleague("jonas", "Jonas Weber", Team.MARKETING, "Marketing: search and content", "Europe/Berlin"),
    Colleague("priya", "Priya Raman", Team.SALES, "Sales: United Kingdom and the Netherlands", "Europe/London"),
    Colleague("tomasz", "Tomasz Zieliński", Team.SALES, "Sales: Poland and Czechia", "Europe/Warsaw"),
    Colleague("lucia", "Lucía Fernández", Team.SALES, "Sales: Spain, Italy, France", "Europe/Madrid"),
    Colleague("erik", "Erik Solberg", Team.SALES, "Sales: the North", "Europe/Oslo"),
]

PERSONAS = [
    {
        "name": "Energy manager",
        "summary": "Answers for every kilowatt-hour of a site, and has a spreadsheet for each meter.",
        "buying_role": "champion",
        "hopes": "One figure per line and shift, without walking to forty meters.\nA saving that the board believes.",
        "fears": "Another project that measures and changes nothing.\nBeing asked for a number nobody can trace.",
        "dreams": "A site that tells them itself where the next ten per cent are.",
        "dreads": "An audit finding with their name beside it.",
        "objections": "We have meters already.\nOur network is closed to the outside.",
        "what_to_say": "We read the meters you have. Start with one line for six weeks; keep the data either way.",
        "rules": [
            {"field": "job_title", "op": "contains", "value": ["energy", "facility", "sustainab", "utilities"],
             "points": 12, "label": "Works with energy or buildings"},
            {"field": "size", "op": "at_least", "value": 50, "points": 3, "label": "50 people or more"},
            {"field": "source", "op": "is", "value": ["organic_search", "webinar"], "points": 1,
             "label": "Came by reading"},
        ],
    },
    {
        "name": "Finance chief",
        "summary": "Signs for what pays back, and reads the second page first.",
        "buying_role": "decider",
        "hopes": "Costs that can be planned, payback within two years.",
        "fears": "Hidden cost of installation, and a contract that cannot be left.",
        "dreams": "To tell the owners a number in January and be right in December.",
        "dreads": "A stop of production because of a project they signed.",
        "objections": "Energy is four per cent of our cost.\nWhat does it cost after year one?",
        "what_to_say": "Payback by site, with the three assumptions it stands on. Fixed price for year one.",
        "rules": [
            {"field": "job_title", "op": "contains", "value": ["cfo", "finance", "controller", "treasur"],
             "points": 12, "label": "Works in finance"},
            {"field": "size", "op": "at_least", "value": 100, "points": 2, "label": "100 people or more"},
        ],
    },
    {
        "name": "Plant manager",
        "summary": "Keeps the lines running; energy is what stops them.",
        "buying_role": "influencer",
        "hopes": "To see a peak coming before the tariff does.",
        "fears": "Anything that touches the control cabinet.",
        "dreams": "A quiet night shift.",
        "dreads": "A stop of the line that head office hears of first.",
        "objections": "Not in the high season.\nWho installs it, and in which shift?",
        "what_to_say": "Clamps, no cutting: installed in one shift beside the running line. Two plants to call.",
        "rules": [
            {"field": "job_title", "op": "contains", "value": ["plant", "production", "operations", "works manager"],
             "points": 12, "label": "Runs production"},
            {"field": "industry", "op": "is", "value": ["Metal", "Plastics", "Glass and ceramics", "Food and drink"],
             "points": 2, "label": "An industry of furnaces and compressors"},
        ],
    },
]  # fmt: skip

#: slug, name, channel, how many of a hundred leads come by it
SOURCES = [
    ("organic_search", "Organic search", "organic", 26),
    ("paid_search", "Paid search", "paid", 17),
    ("linkedin", "LinkedIn", "social", 14),
    ("trade_fair", "Trade fair", "event", 13),
    ("webinar", "Webinar", "event", 9),
    ("referral", "Referral", "referral", 8),
    ("partner", "Partner", "partner", 6),
    ("newsletter", "Newsletter", "email", 4),
    ("direct", "Direct", "direct", 3),
]

#: name, source, first day and last day (as shares of the story), cost
CAMPAIGNS = [
    ("Peak load, search ads", "paid_search", 0.0, 1.0, "18400.00"),
    ("Guide: forty meters, one figure", "organic_search", 0.1, 1.0, "5200.00"),
    ("Plant managers on LinkedIn", "linkedin", 0.25, 0.8, "9700.00"),
    ("Energy fair, spring", "trade_fair", 0.12, 0.2, "21500.00"),
    ("Industry days, autumn", "trade_fair", 0.72, 0.8, "16800.00"),
    ("Webinar series: payback by site", "webinar", 0.3, 1.0, "3900.00"),
    ("Installers bring a colleague", "partner", 0.4, 1.0, "2600.00"),
]

#: Each place: country, phone prefix, cities, what a firm is called (word -> industry; "{}" is the stem), stems, first
#: names and family names.
PLACES = [
    ("AT", "+43 1 555", ["Linz", "Graz", "Wels", "Dornbirn", "Steyr", "St. Pölten"],
     {"Brauerei {}": "Food and drink", "{} Stahlbau": "Metal", "Papierfabrik {}": "Paper and print",
      "{} Kunststofftechnik": "Plastics", "Glashütte {}": "Glass and ceramics", "Molkerei {}": "Food and drink"},
     ["Almtal", "Hofstätter", "Traunsee", "Wieser", "Kremstaler", "Oberleitner", "Dachstein"],
     ["Anna", "Matthias", "Katharina", "Florian", "Verena", "Stefan", "Magdalena"],
     ["Gruber", "Pichler", "Egger", "Brandstätter", "Haslinger", "Moser", "Leitner"]),
    ("DE", "+49 30 5550", ["Bielefeld", "Chemnitz", "Kassel", "Ulm", "Siegen", "Rostock"],
     {"{} Präzision": "Metal", "{} Verpackungen": "Paper and print", "{} Logistik": "Logistics",
      "{} Feinkost": "Food and drink", "{} Spritzguss": "Plastics", "{} Chemie": "Chemicals"},
     ["Bergmann", "Nordwerk", "Lohfeld", "Kettler & Sohn", "Ruhrland", "Steinbach", "Havelberg", "Weserhof"],
     ["Ulrike", "Thorsten", "Leonie", "Jens", "Friederike", "Aylin", "Henning", "Mehmet"],
     ["Krüger", "Schäfer", "Yıldız", "Hartmann", "Lehmann", "Voß", "Zimmermann", "Köhler"]),
    ("CH", "+41 44 555 0", ["Winterthur", "Aarau", "Thun", "Olten"],
     {"{} Maschinen": "Metal", "{} Schokoladen": "Food and drink", "{} Textil": "Textiles"},
     ["Rütihof", "Säntis", "Zurbriggen", "Emmental"],
     ["Reto", "Corinne", "Urs", "Nadine"], ["Zbinden", "Ammann", "Bürgi", "Wyss"]),
    ("IT", "+39 02 5550", ["Brescia", "Modena", "Vicenza", "Bergamo", "Prato"],
     {"Acciaierie {}": "Metal", "Ceramiche {}": "Glass and ceramics", "Pastificio {}": "Food and drink",
      "Tessitura {}": "Textiles", "Cartiera {}": "Paper and print"},
     ["Brandolini", "Valsugana", "Ferrante", "San Zeno", "Colombara", "Monteverdi"],
     ["Giulia", "Matteo", "Chiara", "Lorenzo", "Federica", "Davide"],
     ["Ricci", "Bellandi", "Marchetti", "Galimberti", "Fontana", "Serra"]),
    ("FR", "+33 1 55 50 0", ["Lille", "Nantes", "Annecy", "Reims", "Troyes"],
     {"Fonderie {}": "Metal", "Laiterie {}": "Food and drink", "Verrerie {}": "Glass and ceramics",
      "Emballages {}": "Paper and print", "{} Transports": "Logistics"},
     ["Delacourt", "Montclair", "des Ardennes", "Lavigne", "Roussel", "du Vercors"],
     ["Camille", "Julien", "Élodie", "Antoine", "Maëlle", "Yacine"],
     ["Lefèvre", "Garnier", "Benali", "Chevalier", "Marchand", "Perrin"]),
    ("ES", "+34 91 555 0", ["Zaragoza", "Bilbao", "Elche", "Vigo", "Sabadell"],
     {"Conservas {}": "Food and drink", "Forjas {}": "Metal", "Plásticos {}": "Plastics",
      "Azulejos {}": "Glass and ceramics", "Transportes {}": "Logistics"},
     ["Ibarrola", "Montenegro", "del Ebro", "Santurce", "Alcudia"],
     ["Marta", "Íñigo", "Carmen", "Javier", "Nerea", "Pablo"],
     ["Echeverría", "Navarro", "Castaño", "Peña", "Iglesias", "Ortega"]),
    ("PL", "+48 22 555 0", ["Łódź", "Poznań", "Gliwice", "Bydgoszcz", "Rzeszów"],
     {"Huta {}": "Metal", "Zakłady {}": "Chemicals", "{} Opakowania": "Paper and print", "Browar {}": "Food and drink"},
     ["Wisłoka", "Karpaty", "Nadodrze", "Kowalscy", "Bielawa"],
     ["Agnieszka", "Paweł", "Małgorzata", "Krzysztof", "Zofia", "Michał"],
     ["Wójcik", "Kamiński", "Szymańska", "Jabłoński", "Piątek", "Dąbrowska"]),
    ("CZ", "+420 555 010", ["Brno", "Plzeň", "Ostrava", "Liberec"],
     {"{} Strojírny": "Metal", "Sklárny {}": "Glass and ceramics", "Pivovar {}": "Food and drink"},
     ["Moravan", "Bezděz", "Vltavín", "Krkonoš"],
     ["Tereza", "Jiří", "Lenka", "Ondřej"], ["Dvořák", "Procházková", "Černý", "Marešová"]),
    ("SE", "+46 8 555 01", ["Västerås", "Borås", "Gävle", "Växjö"],
     {"{} Bruk": "Paper and print", "{} Gjuteri": "Metal", "{} Mejeri": "Food and drink", "{} Trä": "Wood"},
     ["Norrsken", "Höga", "Klarälven", "Lindvik"],
     ["Linnea", "Oskar", "Ebba", "Göran", "Astrid"], ["Bergström", "Åkesson", "Sjöberg", "Nyqvist", "Löfgren"]),
    ("NL", "+31 20 555 0", ["Eindhoven", "Tilburg", "Zwolle", "Venlo"],
     {"{} Kassen": "Food and drink", "{} Logistiek": "Logistics", "{} Kunststoffen": "Plastics"},
     ["Van der Meer", "Maasdal", "De Kroon", "IJsselzicht"],
     ["Sanne", "Joris", "Femke", "Daan"], ["de Vries", "Bakker", "van Dijk", "Hoekstra"]),
    ("GB", "+44 1632 960", ["Sheffield", "Stoke-on-Trent", "Dundee", "Swansea", "Hull"],
     {"{} Castings": "Metal", "{} Bakeries": "Food and drink", "{} Ceramics": "Glass and ceramics",
      "{} Packaging": "Paper and print", "{} Freight": "Logistics"},
     ["Harrow", "Pennine", "Thistle & Rowe", "Blackmoor", "Abernethy", "Ashdown"],
     ["Fiona", "Gareth", "Amara", "Callum", "Nisha", "Rhys"],
     ["Whitaker", "Adeyemi", "Llewellyn", "Patel", "McAllister", "Thorne"]),
    ("US", "+1 212 555 0", ["Dayton", "Tulsa", "Fresno", "Duluth"],
     {"{} Foods": "Food and drink", "{} Plastics": "Plastics", "{} Metal Works": "Metal"},
     ["Cedar Fork", "Great Basin", "Halloran", "Prairie Star"],
     ["Denise", "Marcus", "Hannah", "Luis"], ["Kowalczyk", "Reyes", "Donnelly", "Nguyen"]),
    ("BR", "+55 11 5550 ", ["Joinville", "Campinas", "Caxias do Sul"],
     {"Metalúrgica {}": "Metal", "Laticínios {}": "Food and drink", "Têxtil {}": "Textiles"},
     ["Serra Azul", "Itapuã", "Boa Vista"],
     ["Thaís", "Rodrigo", "Beatriz", "Caio"], ["Nogueira", "Azevedo", "Figueiredo", "Brandão"]),
    ("JP", "+81 3 5550 ", ["Hamamatsu", "Kurume", "Fukui"],
     {"{} Seiki": "Metal", "{} Foods": "Food and drink", "{} Kagaku": "Chemicals"},
     ["Asahigaoka", "Minato", "Tsukimi"],
     ["Yuki", "Haruto", "Aoi", "Kenji"], ["Morita", "Hasegawa", "Ōnishi", "Kuroda"]),
]  # fmt: skip

#: Job titles by how well they fit: those who decide, those who do not, and those who never buy.
TITLES = {
    "good": [
        "Head of energy", "Energy manager", "Facility manager", "Sustainability manager", "Director of utilities",
        "CFO", "Finance director", "Head of controlling", "Plant manager", "Production manager",
        "Director of operations", "Works manager", "Chief operating officer", "Managing director and owner",
    ],
    "some": [
        "Energy engineer", "Financial controller", "Production planner", "Maintenance technician", "Buyer",
        "Facility coordinator", "Automation engineer", "Operations analyst", "Quality engineer", "",
    ],
    "poor": ["Student", "Freelance journalist", "Intern", "Consultant", "Recruiter", "PhD candidate", ""],
}  # fmt: skip

PAGES = ["/guides/peak-load", "/guides/forty-meters", "/customers/dairy", "/product/clamps", "/blog/tariffs-explained",
         "/product/network", "/customers/foundry", "/iso-50001"]  # fmt: skip
FORMS = ["Guide: forty meters, one figure", "Checklist for ISO 50001", "Payback calculator", "Template: metering plan"]
EVENTS = ["Webinar: payback by site", "Webinar: peaks before the tariff", "Breakfast round of energy managers"]
MAILS = ["One figure per line: how a dairy did it", "What a peak costs you", "Your metering plan, one page",
         "Invitation: payback by site"]  # fmt: skip
REPLIES = ["Interesting. We have two sites, does it work across both?", "Can you send prices for thirty meters?",
           "Not before the summer stop, but keep me posted.", "Does it read M-Bus?"]  # fmt: skip
HAND_RAISES = ["Please call me, our tariff ends in January.", "We need an offer for 28 meters by the end of the month.",
               "Can somebody show this to our plant manager next week?", "Our auditor asks for figures per line.",
               "Looking for metering for two sites, who can I talk to?"]  # fmt: skip
WHY_NOW = ["Asked for prices twice and downloaded the metering plan.", "Their tariff ends this winter.",
           "Met at the stand: 40 meters, two sites, decides this quarter.", "The audit is due in autumn.",
           "Three colleagues of this company read the foundry case this week."]  # fmt: skip
WHY_EARLY = ["Met them at the fair, they want a visit.", "Their sister plant is a customer.",
             "They called the switchboard and asked for me."]  # fmt: skip
PREFERRED = ["", "", "", "Phone, mornings", "E-mail", "Phone, after 15:00", "Video call"]

NO_ANSWER = ["No answer.", "Rang out, no voicemail.", "In a meeting until noon, try tomorrow."]
LEFT_MESSAGE = ["Left a message with my number.", "Left a message at reception.", "Voicemail: will try on Thursday."]
SPOKE = ["28 meters on two sites, spreadsheet today. Decides with the CFO.", "Wants to see it on one line first.",
         "Budget is for next year, the pain is now: peaks on Mondays.", "Good talk. Asked for a reference in dairy.",
         "Their network is closed; clamps with their own gateway would do."]  # fmt: skip
MET = ["Walked the hall together, 34 meters counted.", "Showed the dairy's figures; the controller joined halfway.",
       "Agreed on one line as a start."]  # fmt: skip
SENT = ["Sent the offer with payback by site.", "Sent two references.", "Sent the installation plan by shift."]

#: By code of the reason of a return: what the rep writes.
RETURNED = {
    "another_region": ["Their energy is bought by the Polish plant: this is Tomasz's.", "Head office is in Porto."],
    "partner_account": ["Our installer in Brno has been there since March.", "Comes through our partner already."],
    "already_in_a_deal": ["Their colleague is in a deal with Lucía.", "Part of the deal for the second site."],
    "no_working_contact": ["The number ends in a fax line.", "The address bounces, and the switchboard knows nobody."],
    "duplicate": ["The same person wrote from the group's address last month."],
    "facts_missing": [
        "No company, no phone: one of both would do.",
        "The staff figure is the group's, the site has 9.",
    ],
    "below_fit": ["Six people and two meters: the guide is what helps them.", "An office, no production."],
    "not_a_buyer": ["Reads for the works council. Their energy manager would be right.", "Sells meters herself."],
    "student_or_press": ["Writes a thesis. Asked for a figure to quote."],
}
WITHDRAWN = ["Offered while their webinar is next week.", "Clicked in the wrong row."]
RECYCLED = {
    "not_now": ["The hall is being rebuilt until spring.", "After the audit, not before."],
    "no_budget_yet": ["The budget is made in October.", "Waits for the grant."],
    "unreachable": ["Five attempts, no answer."],
}
DISQUALIFIED = {
    "no_need": ["Their landlord meters everything.", "Has a system since last year and likes it."],
    "no_budget": ["The owner sells the site."],
    "no_interest": ["Was looking for a job.", "Only wanted the template."],
    "wrong_person": ["Has left the company.", "Namesake in another branch."],
    "do_not_contact": ["Asked us not to write or call again."],
}
LOST = {
    "timing": ["Moved to next year with the new hall."],
    "price": ["Wanted it for half of that.", "The grant did not come through."],
    "competitor": ["Has their drives anyway.", "Group contract."],
    "no_decision": ["Three months without a word from the board."],
    "cannot_serve": ["Explosion protection: not ours."],
}
COMPETITORS = ["Wattwise", "Meterling", "Kilo Nord", "Energiehaus 7"]
CHURNED = {
    "expectations": ["Hoped for savings without a person who looks."],
    "changed_supplier": ["The group bought one system for all."],
    "closed_down": ["The site closes in winter."],
}
COMMENTS_BY_MARKETING = [
    "@{rep} they were at the webinar and asked about closed networks, that may be the door.",
    "They opened the payback page four times this week, @{rep}.",
    "@{rep} shall I send the dairy case before you call?",
    "Their colleague is a lead as well, see the company.",
]
COMMENTS_BY_SALES = [
    "@{marketer} thanks, that was well prepared. The peak story worked.",
    "@{marketer} can we have a page on closed networks? Third time this month that it comes up.",
    "The controller joins next week. @{ruth} fixed price for year one, as agreed?",
    "Good one. They decide with finance, so payback first.",
    "@{marketer} their phone number is wrong, I have the right one now.",
]
NEXT_CALL = ["Call again", "Call about the offer", "Ask for the metering plan", "Call before the site visit"]
NEXT_DEAL = ["Send the offer", "Site visit", "Talk price with finance", "Get the signature", "Send references"]
NEXT_NURTURE = ["Send the dairy case", "Invite to the webinar", "Ask for the role", "Look for a phone number",
                "Send the checklist"]  # fmt: skip
ANSWERS = ["Good to know, thank you. I call tomorrow morning.", "Yes please, the dairy case fits.",
           "On it. I need until Thursday.", "They said the same to me. Let us put it into the brief.",
           "Seen. Who of them decides?", "Done, it is on their record now."]  # fmt: skip
THANKED = ["Perfect.", "Thank you, that helps.", "Then I wait for your word."]
MORE = "And they prefer mornings."
SIDE_OF_MARKETING = [
    ("Read the payback page four times, tariff ends in winter.", "Which figure convinced them, for the next page."),
    ("Came with a colleague from finance; both joined the webinar.", "Whether the fixed price is what they ask for."),
    ("Downloaded the metering plan for two sites.", "A word after the first call: was the brief right?"),
]
SIDE_OF_SALES = [
    ("28 meters on two sites; decides with the CFO.", "A page on closed networks before Thursday."),
    ("Wants one line first, six weeks.", "The dairy case with figures per shift."),
    ("Their budget is made in October.", "An invitation to the breakfast round for the controller."),
]
TASKS = ["Send the dairy case with figures per shift", "Write one page on closed networks", "Ask for the metering plan",
         "Invite the controller to the breakfast round", "Check the phone number"]  # fmt: skip
ROUNDS = [("mia", "Look through what came back this week", "weekly"), ("sam", "Clear my part of the inbox", "business"),
          ("ruth", "Write down what both teams learned", "monthly")]  # fmt: skip
THANKS = [
    ("sam", "mia", "The brief for the dairy was so good that the call took ten minutes."),
    ("ines", "sales", "You answered every lead of the fair within a day. The stand was worth it."),
    ("priya", "jonas", "The page on closed networks opened a door I had knocked on for months."),
    ("mia", "sam", "You wrote down why each one came back. Now we know what to ask for."),
]
TRIES = [("call:no_answer", NO_ANSWER), ("email:sent", SENT), ("call:left_message", LEFT_MESSAGE)]
PUT_OFF = [
    "They are at a trade fair until then.",
    "Waiting for their plant manager to be back.",
    "Their colleague called this morning: one talk for both.",
    "They asked for a call after the shutdown.",
]
#: Name, kind of receiver, where it would lead, and what it would be told of.
HOOKS = [
    ("Sales channel", "slack", "/services/sales", ["handoff:hand_raise", "promise:escalate", "deal:win"]),
    ("Marketing channel", "mattermost", "/hooks/marketing", ["handoff:returned", "shoutout"]),
    ("Data warehouse", "webhook", "/events", ["handoff:offer", "handoff:accept", "handoff:returned", "deal:win"]),
]
